import assert from "node:assert/strict";
import type { Check, Wanted } from "../../lib/compose/start_plan.ts";
import { GATE_LIMIT } from "../../lib/compose/health.ts";
import type { Sleep } from "../../lib/host/clock.ts";
import type { Run } from "../../lib/host/process.ts";
import { type Condition, Gate } from "../../lib/service/gate.ts";
import type { Service } from "../../lib/service/service.ts";
import { withClock } from "./fake_clock.ts";

/** What a container is at the n-th look; the last one stays. */
type Look = {
  state?: string;
  exitCode?: number;
  startedAt?: number;
  check?: number;
  answers?: boolean;
};

const CHECK: Check = {
  argv: ["test", "-f", "/ok"],
  interval: 0,
  timeout: 1000,
  startPeriod: 0,
  retries: 3,
};

function watch(
  looks: Look[],
  more: Partial<Wanted> = {},
  sleep: Sleep = () => Promise.resolve(),
  takes: (deadline: number) => void = () => {},
) {
  const calls: string[] = [];
  let look = -1;
  const now = () => looks[Math.min(look, looks.length - 1)] ?? {};
  const run: Run = ({ argv, deadline = 0 }) => {
    calls.push(argv.join(" "));
    const answer = (code: number, stdout = "") =>
      Promise.resolve({ code, stdout, stderr: code ? "not yet" : "" });
    if (argv[1] === "ps") {
      look++;
      const { state = "running", exitCode = 0, startedAt = 1 } = now();
      return answer(
        0,
        JSON.stringify([{
          Id: "id",
          Names: ["shop_web_1"],
          State: state,
          Status: state === "exited" ? `Exited (${exitCode})` : "Up",
          ExitCode: exitCode,
          StartedAt: startedAt,
          Labels: { "com.docker.compose.service": "web", "pgo.deployment": "7" },
        }]),
      );
    }
    if (argv[1] === "exec") takes(deadline);
    if (argv[1] === "exec") return answer(now().check ?? 0);
    if (argv[0] === "bash") return answer(now().answers === false ? 1 : 0);
    return answer(0, "null");
  };
  const service = {
    host: { run, sleep, settle: 0 },
    user: { name: "miek" },
    config: { name: "shop" },
  } as unknown as Service;
  const wanted: Wanted = {
    name: "web",
    ports: [],
    published: [],
    check: undefined,
    mayEnd: true,
    restarts: false,
    ...more,
  };
  return { gate: new Gate(service, 7, [wanted]), calls, looks: () => look + 1 };
}

const WELL: [about: string, looks: Look[], more: Partial<Wanted>, needed: number][] = [
  ["runs", [{}], {}, 1],
  ["is created first", [{ state: "created" }, {}], {}, 2],
  ["ended well and may", [{ state: "exited" }], {}, 1],
  ["is healthy at the third check", [{ check: 1 }, { check: 1 }, {}], { check: CHECK }, 3],
  ["its port answers late", [{ answers: false }, { answers: false }, {}], {
    ports: [{ ip: "", port: 80 }],
  }, 3],
  ["failed once, podman started it again", [{ state: "exited", exitCode: 1 }, { startedAt: 2 }], {
    restarts: true,
  }, 2],
];
for (const [about, looks, more, needed] of WELL) {
  Deno.test(`well: ${about}`, async () => {
    const watched = watch(looks, more);
    await watched.gate.reach(["web"], "settled");
    assert.equal(watched.looks(), needed);
  });
}

Deno.test("an image without a check of its own is looked at once", async () => {
  const watched = watch([{ answers: false }, { answers: false }, {}], {
    ports: [{ ip: "", port: 80 }],
  });
  await watched.gate.reach(["web"], "settled");
  assert.equal(watched.calls.filter((line) => line.startsWith("podman inspect")).length, 1);
});

Deno.test("a container's ports are probed by one process, of very many 64 from the first to the last", async () => {
  for (const [count, expected] of [[3, 3], [64, 64], [3000, 64]] as const) {
    const ports = Array.from({ length: count }, (_, at) => ({ ip: "", port: 20_000 + at }));
    const { gate, calls } = watch([{}], { ports });
    await gate.reach(["web"], "settled");
    const [probe = "", ...others] = calls.filter((line) => line.startsWith("bash"));
    assert.deepEqual(others, []);
    const asked = [...probe.matchAll(/127\.0\.0\.1 (\d+)/g)].map(([, port]) => Number(port));
    assert.equal(asked.length, expected);
    assert.deepEqual([asked[0], asked.at(-1)], [20_000, 20_000 + count - 1]);
    const steps = asked.slice(1).map((port, at) => port - (asked[at] ?? 0));
    assert.ok(Math.max(...steps) - Math.min(...steps) <= 1);
  }
});

const ILL: [about: string, looks: Look[], more: Partial<Wanted>, expected: RegExp][] = [
  ["ended with an error", [{}, { state: "exited", exitCode: 3 }], {
    ports: [{ ip: "", port: 80 }],
    mayEnd: true,
  }, /web is exited \(3\)/],
  ["ended well but should not", [{ state: "exited" }], { mayEnd: false }, /web is exited \(0\)/],
  [
    "never healthy",
    [{ check: 1 }],
    { check: CHECK },
    /unhealthy: 3 checks failed, the last with: not yet/,
  ],
  ["restarts in a loop", [1, 2, 3, 4, 5].map((startedAt) => ({ startedAt, answers: false })), {
    restarts: true,
    ports: [{ ip: "", port: 80 }],
  }, /restarts again and again/],
];
for (const [about, looks, more, expected] of ILL) {
  Deno.test(`not well: ${about}`, async () => {
    const first = about.startsWith("ended with")
      ? [{ ...looks[0], answers: false }, ...looks.slice(1)]
      : looks;
    await assert.rejects(watch(first, more).gate.reach(["web"], "settled"), expected);
  });
}

Deno.test("a check that is switched off is not run, the image's own is", async () => {
  const off = watch([{}], { check: null });
  await off.gate.reach(["web"], "settled");
  assert.ok(!off.calls.some((line) => line.includes("exec") || line.includes("inspect")));
  const own = watch([{}]);
  await own.gate.reach(["web"], "settled");
  assert.ok(own.calls.some((line) => line.startsWith("podman inspect")));
});

Deno.test("who waits for the end of a service is not content with its start", async () => {
  const watched = watch([{}, {}, { state: "exited" }]);
  await watched.gate.reach(["web"], "service_completed_successfully");
  assert.equal(watched.looks(), 3);
  await assert.rejects(
    watch([{ state: "exited" }]).gate.reach(["web"], "service_healthy"),
    /ended before/,
  );
});

const SLOW = 1000 * 3_600_000;
const ENDLESS: [about: string, condition: Condition, check: Check, said: string][] = [
  ["a start period", "settled", { ...CHECK, startPeriod: SLOW }, "is not well"],
  ["an interval", "service_healthy", { ...CHECK, interval: SLOW, retries: 2 }, "is not healthy"],
  ["a check that hangs", "settled", { ...CHECK, timeout: SLOW, retries: 9999 }, "is not well"],
  ["a job", "service_completed_successfully", CHECK, "has not ended"],
];
for (const [about, condition, check, said] of ENDLESS) {
  Deno.test(`${about} of a thousand hours: it has failed after 15 minutes, and a line says so`, async () => {
    await withClock(async (clock) => {
      const began = clock.now;
      // Only the check that hangs takes all the time that it is given.
      const takes = (deadline: number) => void (check.timeout === SLOW && (clock.now += deadline));
      const { gate } = watch([{ check: 1 }], { check }, clock.sleep, takes);
      await assert.rejects(
        gate.reach(["web"], condition),
        new RegExp(`^GateError: web ${said} after 15 minutes|^Error: web ${said} after 15 minutes`),
      );
      const took = clock.now - began;
      assert.ok(took >= GATE_LIMIT && took < GATE_LIMIT + 1000, `${took}`);
    });
  });
}

Deno.test("nobody waits for the containers of a service that the config names no more", async () => {
  const { gate } = watch([{ check: 1 }], { check: { ...CHECK, startPeriod: SLOW } });
  Object.assign(gate.service, { parting: "removed" });
  await assert.rejects(gate.reach(["web"], "settled"), /web is no longer wanted/);
});
