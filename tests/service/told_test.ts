/**
 * What the log tells of a deployment, whoever asked for it.
 * @module
 */
import assert from "node:assert/strict";
import { alone } from "../../lib/commands/alone.ts";
import { createAuthority } from "../../lib/commands/authority.ts";
import { type Call, readWords } from "../../lib/commands/command.ts";
import { createHandler } from "../../lib/commands/dispatch.ts";
import { start } from "../../lib/commands/lifecycle.ts";
import { about, type Log, openLog } from "../../lib/log.ts";
import { deploy } from "../../lib/service/deploy.ts";
import { heal } from "../../lib/service/heal.ts";
import { createOutput, type Output, serviceOutput } from "../../lib/service/output.ts";
import type { Service } from "../../lib/service/service.ts";
import { NO_OPTIONS } from "../../lib/ssh/key_options.ts";
import { recordedLog } from "../recorded_log.ts";
import { setup } from "./podman_in_memory.ts";

const KEY = {
  ...{ type: "ssh-ed25519", blob: "AAAA", fingerprint: "SHA256:x", comment: "miek" },
  ...{ file: "ssh/miek.pub", line: 1, ...NO_OPTIONS },
};
const ACTOR = "SHA256:x (miek)";

/** A command's run in which nobody reads. */
function callOf(service: Service, more: Partial<Call> = {}): Call {
  return {
    ...{ service, args: [], options: new Map(), actor: ACTOR, terminal: undefined },
    stdin: new Blob([]).stream(),
    stdout() {},
    stderr() {},
    signal: new AbortController().signal,
    deploys() {},
    takeSignals() {},
    ...more,
  };
}

/** The lines of `-d` about what was printed and done, with their deployments. */
async function printed(
  by: (service: Service, work: (output: Output) => Promise<number>) => Promise<unknown>,
): Promise<[line: string, service: string, deployment: number][]> {
  const lines: string[] = [];
  const log = openLog({ debug: true, format: "json", write: (line) => void lines.push(line) });
  const { service, candidate } = await setup(log);
  await about({ service: "shop" }, () =>
    by(service, async (output) => {
      const place = service.host.turns.place(service.config);
      const request = { cause: "any", actor: ACTOR, output, place };
      await deploy(service, await candidate("one"), request);
      return 0;
    }));
  service.host.ledger.close();
  return lines.map((line) => JSON.parse(line))
    .filter(({ event }) => event === "program.printed")
    .map(({ message, service, deployment }) => [message, service, deployment]);
}

Deno.test("-d shows what the programs of a command print, as it does of a tick", async () => {
  const [ticks, commands] = [
    await printed((service, work) => work(serviceOutput(service, () => {}, () => {}))),
    await printed((service, work) => alone(callOf(service), "up", work)),
  ];
  assert.deepEqual(commands, ticks);
  const said = ticks.map(([line]) => line);
  for (const line of ["pgod: starting web", "podman-compose -d", "podman-compose build"]) {
    assert.ok(said.includes(line), `${line} in ${said}`);
  }
  assert.equal(said.filter((line) => line === "and on").length, 2);
  for (const [line, ...about] of ticks) assert.deepEqual(about, ["shop", 1], line);
});

Deno.test("the log has whole lines, however they come, and what a step found unfinished before it", async () => {
  const { log, lines } = recordedLog();
  const { service } = await setup(log);
  const output = serviceOutput(service, () => {}, () => {});
  const print = (text: string) => output.stdout(new TextEncoder().encode(text));
  for (const text of ["ST", "EP 1\n\nST", "EP 2"]) print(text);
  output.step("next");
  print("x".repeat(5000));
  print("end");
  await output.caughtUp();
  assert.deepEqual(lines.map(({ message }) => message), [
    ...["STEP 1", "STEP 2", "pgod: next"],
    ...["x".repeat(5000), "end"],
  ]);
  service.host.ledger.close();
});

const EVENTS = ["deployment.started", "deployment.live", "ssh.command"] as const;

/** Runs `line` as somebody with a key. */
function ask(service: Service, log: Log, line: string): Promise<number> {
  const fleet = { find: () => service, services: () => [service] };
  service.keys = [KEY];
  return createHandler(fleet, createAuthority(() => []), log)({
    ...callOf(service),
    ...{ key: KEY, user: "x", address: "10.0.0.1", remote: "10.0.0.1:1", line },
    traffic: { received: 0, sent: 0 },
    stdout: () => Promise.resolve(),
    stderr: () => Promise.resolve(),
  });
}

Deno.test("a deployment's start says why and, of a command, by whom; the command says which deployment", async () => {
  const { log, lines } = recordedLog(...EVENTS);
  const { service, deployRevision } = await setup(log);
  await deployRevision("one");
  await deployRevision("two");
  const told = lines.map(({ fields: { deployment, cause, actor } }) => [deployment, cause, actor]);
  assert.deepEqual(
    told,
    [1, 2].flatMap((number) => [
      [number, "push", undefined],
      [number, undefined, undefined],
    ]),
  );
  lines.length = 0;
  assert.equal(await ask(service, log, "shop//rollback"), 0);
  assert.deepEqual(lines.map(({ event }) => event), EVENTS);
  for (const { fields: { deployment } } of lines) assert.equal(deployment, 1);
  const { cause, actor } = lines[0]?.fields ?? {};
  assert.deepEqual([cause, actor], ["rollback", ACTOR]);
  assert.equal(service.host.ledger.actions("shop", 1)[0]?.actor, actor);
  lines.length = 0;
  assert.equal(await ask(service, log, "shop//ping"), 0);
  assert.equal(lines[0]?.fields["deployment"], undefined);
  service.host.ledger.close();
});

for (
  const [what, stopped, halted, warned] of [
    ["start after stop", "by x", "[]", 0],
    ["start after the stop of some", null, '["web"]', 0],
    ["start of what nobody stopped", null, "[]", 1],
  ] as const
) {
  Deno.test(`${what}: ${warned ? "a warning" : "no warning"} that a container is lost`, async () => {
    const { log, lines } = recordedLog("container.lost");
    const { service, podman, deployRevision } = await setup(log);
    const deployments = await Deno.makeTempDir();
    await Deno.writeTextFile(`${deployments}/1.run.yaml`, "");
    Object.assign(service, { paths: { ...service.paths, deployments } });
    await deployRevision("one");
    podman.broken.add("deployment 1");
    service.host.ledger.update("shop", { stopped, halted });
    assert.equal(await start.run(callOf(service, readWords(start, []))), 0);
    assert.ok(podman.calls.includes("podman start id-web"));
    assert.equal(lines.length, warned);
    lines.length = 0;
    service.healing.next = 0;
    podman.broken.add("deployment 1");
    await heal(service, createOutput(() => {}, () => {}));
    assert.equal(lines.length, 1, "a tick warns");
    service.host.ledger.close();
    await Deno.remove(deployments, { recursive: true });
  });
}
