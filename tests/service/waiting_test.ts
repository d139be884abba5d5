/**
 * A service whose deployment waits for its turn: looked after and operated meanwhile, and judged anew afterwards.
 * @module
 */
import assert from "node:assert/strict";
import { alone } from "../../lib/commands/alone.ts";
import type { Call } from "../../lib/commands/command.ts";
import { deploy } from "../../lib/service/deploy.ts";
import { follow } from "../../lib/service/poller.ts";
import type { Service } from "../../lib/service/service.ts";
import { remember } from "../../lib/service/state.ts";
import { Turns } from "../../lib/service/turns.ts";
import { recordedLog } from "../recorded_log.ts";
import { withClock } from "./fake_clock.ts";
import { setup } from "./podman_in_memory.ts";

const ACTOR = "SHA256:x (miek)";
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

function callOf(service: Service, signal = new AbortController().signal): Call {
  return {
    ...{ service, args: [], options: new Map(), actor: ACTOR, terminal: undefined },
    ...{ stdin: new Blob([]).stream(), signal },
    ...{ stdout() {}, stderr() {}, deploys() {}, takeSignals() {} },
  };
}

/** A service, and another that has the only turn; `up` is a command that deploys revision two. */
async function waiting(signal?: AbortSignal) {
  const { log, lines } = recordedLog();
  const made = await setup(log);
  const { service, deployRevision, candidate } = made;
  // Whether a run file is there is looked up on the disk itself.
  const deployments = await Deno.makeTempDir();
  await Deno.writeTextFile(`${deployments}/1.run.yaml`, "");
  Object.assign(service, { paths: { ...service.paths, deployments } });
  await deployRevision("one");
  Object.assign(service.host, { turns: new Turns(1, () => new Promise(() => {})), settle: 0 });
  const other = service.host.turns.place({ name: "slow", user: "else" });
  assert.ok(other.ask());
  const up = async () =>
    await alone(callOf(service, signal), "up", async (output, place) => {
      const request = { cause: "up", actor: ACTOR, output, place };
      await deploy(service, await candidate("two"), request);
      return 0;
    });
  const close = async () => {
    service.host.ledger.close();
    await Deno.remove(deployments, { recursive: true });
  };
  return { ...made, other, up, lines, close, live: () => service.host.ledger.service("shop").live };
}

Deno.test("while a command waits for its turn the service is free; then it is carried out", async () => {
  const { service, other, up, lines, live, close } = await waiting();
  const done = up();
  await settled();
  assert.equal(service.lock.holder, "");
  assert.ok(lines.some(({ message }) => message === "pgod: waiting until slow is deployed"));
  await alone(callOf(service), "restart", () => Promise.resolve(0));
  assert.equal(live(), 1);
  other.leave();
  assert.equal(await done, 0);
  assert.equal(live(), 2);
  assert.ok(other.ask(), "its turn is given back");
  await close();
});

for (const hold of ["stopped", "frozen"] as const) {
  Deno.test(`who has it ${hold} while a command waits for its turn wins`, async () => {
    const { service, other, up, live, close } = await waiting();
    const done = up();
    await settled();
    await alone(callOf(service), "hold", async () => {
      await remember(service, { [hold]: hold === "stopped" ? "by x" : "{}" });
      return 0;
    });
    other.leave();
    await assert.rejects(done, /stopped, frozen or let go while up waited: nothing was done/);
    assert.equal(live(), 1);
    assert.ok(other.ask(), "the turn it did not need is given back");
    await close();
  });
}

Deno.test("a command that waited longer than its service's config was in force is not carried out by the old one", async () => {
  const { service, other, up, live, close } = await waiting();
  const done = up();
  await settled();
  service.parting = "changed";
  other.leave();
  await assert.rejects(done, /the config was read again before it was done, try again/);
  assert.equal(live(), 1);
  await close();
});

Deno.test("a client that leaves while its command waits for a turn leaves the queue", async () => {
  const client = new AbortController();
  const { other, up, live, close } = await waiting(client.signal);
  const done = up();
  await settled();
  client.abort();
  await assert.rejects(done, /left while it waited/);
  other.leave();
  assert.ok(other.ask());
  assert.equal(live(), 1);
  await close();
});

Deno.test("a turn ends when all is started and only watched, and whatever happens", async () => {
  const { service, other, podman, deployRevision, close } = await waiting();
  other.leave();
  const seen: boolean[] = [];
  Object.assign(service.host, {
    settle: 10,
    sleep() {
      seen.push(other.ask());
      return new Promise<void>((resolve) => setTimeout(resolve, 20));
    },
  });
  await deployRevision("two");
  assert.ok(seen.length > 0 && seen.every((free) => free), `${seen}`);
  other.leave();
  podman.broken.add("localhost/pgo/shop/web:3");
  await assert.rejects(deployRevision("three"), /build of web failed/);
  assert.ok(other.ask());
  await close();
});

/** Gives the service a repository whose tip is `tip()`, and ticks. */
async function ticking(tip: () => string, compose = "services: { web: { image: x.io/web } }") {
  const made = await waiting();
  const { service } = made;
  const text = new TextEncoder().encode(compose);
  const entry = { kind: "file" as const, id: "blob", size: text.length };
  Object.assign(service.git, {
    prepare: () => Promise.resolve(),
    asksTip: () => Promise.resolve({ argv: ["true"] }),
    readTip: tip,
    fetchedTip: () => Promise.resolve(tip()),
    tree: () => Promise.resolve(new Map([["compose.yaml", entry]])),
    blobs: () => Promise.resolve(new Map([["blob", text]])),
  });
  const leave = new AbortController();
  let wake = () => {};
  let ticks = 0;
  Object.assign(service.host, {
    sleep: (ms: number, signal?: AbortSignal) => {
      // Only the ticks wait for longer than the gate does between two looks.
      if (ms < 5000) return Promise.resolve();
      ticks++;
      signal?.addEventListener("abort", () => wake());
      return new Promise<void>((resolve) => wake = resolve);
    },
  });
  const pulled: (() => void)[] = [];
  const { run } = service.host;
  Object.assign(service.host, {
    run: (command: Parameters<typeof run>[0]) => {
      if (command.argv[1] === "pull") pulled.forEach((tell) => tell());
      return command.argv[0] === "stat"
        ? Promise.resolve({ code: 0, stdout: "1000 700\n", stderr: "" })
        : run(command);
    },
  });
  const done = follow(service, {
    ...{ interval: 10_000, cause: "boot", signal: leave.signal },
    deadline: new AbortController().signal,
    starts: new Turns(1),
  });
  const tick = async (count: number) => {
    wake();
    while (ticks < count) await settled();
  };
  const end = async () => {
    leave.abort();
    await done;
  };
  return { ...made, pulled, tick, end };
}

Deno.test("while a push waits for its turn, ticks go on and bring back what dies; then it is deployed", async () => {
  const { service, podman, other, tick, end, live, lines, close } = await ticking(() => "two");
  await tick(1);
  assert.deepEqual([service.lock.holder, live()], ["", 1]);
  podman.broken.add("deployment 1");
  await tick(2);
  assert.ok(podman.calls.includes("podman start id-web"));
  assert.equal(lines.filter(({ event }) => event === "service.waiting").length, 1, "said once");
  other.leave();
  while (live() !== 2) await settled();
  await end();
  assert.ok(other.ask());
  await close();
});

Deno.test("a push whose service is stopped while it waits is not deployed, and gives its turn back", async () => {
  const { service, other, tick, end, live, close } = await ticking(() => "two");
  await tick(1);
  service.host.ledger.update("shop", { stopped: "by x" });
  other.leave();
  while (!other.ask()) await settled();
  await end();
  assert.equal(live(), 1);
  await close();
});

Deno.test("a push that waits is judged by what is the tip when its turn comes", async () => {
  let tip = "two";
  const { service, other, tick, end, live, close } = await ticking(() => tip);
  await tick(1);
  tip = "three";
  other.leave();
  while (live() !== 2) await settled();
  await end();
  assert.equal(service.host.ledger.last("shop")?.revision, "three");
  await close();
});

Deno.test("a deployment whose steps take many hours in all is no reason to think that pgod is stuck", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const services = names.map((name) => `${name}: { image: x.io/${name}, pull_policy: always }`);
  const all = `services: { web: { image: x.io/web }, ${services.join(", ")} }`;
  const { service, other, pulled, tick, end, close } = await ticking(() => "two", all);
  await tick(1);
  await withClock(async (clock) => {
    const late: number[] = [];
    pulled.push(() => {
      clock.now += 50 * 60_000;
      late.push(clock.now - service.due);
    });
    other.leave();
    while (service.trouble === "") await settled();
    assert.equal(late.length, 1 + names.length);
    assert.ok(late.every((ms) => ms < 0), `${late}`);
  });
  await end();
  await close();
});
