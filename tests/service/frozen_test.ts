/**
 * A deployment's files, which the service's own user can replace by anything.
 * @module
 */
import assert from "node:assert/strict";
import { FILE_LIMIT } from "../../lib/host/service_directory.ts";
import { isReadable, readFrozen } from "../../lib/service/frozen.ts";
import { parseStartPlan, parseVariables } from "../../lib/service/frozen_files.ts";
import { heal } from "../../lib/service/heal.ts";
import { createOutput } from "../../lib/service/output.ts";
import { StepError } from "../../lib/service/prepare.ts";
import { recordedPlan } from "../../lib/service/state.ts";
import { recordedLog } from "../recorded_log.ts";
import { setup } from "./podman_in_memory.ts";

const AT = "/lib/shop/deployments";
const START = `${AT}/1.start.json`, VARIABLES = `${AT}/1.env.json`, RUN = `${AT}/1.run.yaml`;

/** A service with a live deployment, some files of which are then its user's own. */
async function withFiles(files: Record<string, string>) {
  const { log, lines } = recordedLog("deployment.unreadable", "state.unreadable");
  const made = await setup(log);
  await made.deployRevision("a".repeat(40));
  const before = new Map(made.podman.files);
  for (const [path, text] of Object.entries(files)) made.podman.files.set(path, text);
  return { ...made, lines, before };
}

Deno.test("what pgod wrote of a deployment is read as it was", async () => {
  const { service, lines, before } = await withFiles({});
  const { plan, env, text } = await readFrozen(service, 1);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), JSON.parse(before.get(START) ?? ""));
  assert.deepEqual(plan.wanted[0]?.published, [{ port: 8000, protocol: "tcp" }]);
  assert.equal(plan.wanted[0]?.check, undefined);
  assert.deepEqual(env, JSON.parse(before.get(VARIABLES) ?? ""));
  assert.equal(text, before.get(RUN));
  assert.deepEqual(lines, []);
});

const published = { port: 5000, protocol: "tcp" };
const WANTED = { name: "web", ports: [], published: [], check: null, mayEnd: true, restarts: true };
const plan = (change: object) => JSON.stringify({ groups: [], wanted: [{ ...WANTED, ...change }] });
const WRONG: [what: string, text: string][] = [
  ["no JSON", "x"],
  ["a list", "[]"],
  ["no services", '{"groups":[]}'],
  ["a port that is none", plan({ published: [{ ...published, port: 65_536 }] })],
  ["a port that is a text", plan({ published: [{ ...published, port: "22" }] })],
  ["another protocol", plan({ published: [{ ...published, protocol: "sctp" }] })],
  ["more ports than there are", plan({ published: Array(131_071).fill(published) })],
  ["a check without end", plan({ check: { argv: ["x"], interval: -1 } })],
  ["a service without name", plan({ name: "" })],
  [
    "6,000 services",
    JSON.stringify({ groups: [], wanted: Array(6_000).fill({ ...WANTED }) }),
  ],
];
for (const [what, text] of WRONG) {
  Deno.test(`a start plan with ${what} counts as missing`, () => {
    assert.ok(parseStartPlan(plan({})));
    assert.equal(parseStartPlan(text), undefined);
  });
}

for (
  const [what, text] of [
    ["140,000 ports", plan({ published: Array(140_000).fill(published) })],
    ["nothing of pgod's", "{}"],
  ] as const
) {
  Deno.test(`a start plan with ${what} is told once a read, and the deployment stays`, async () => {
    const { service, podman, lines, before } = await withFiles({ [START]: text });
    const frozen = await readFrozen(service, 1);
    assert.deepEqual(frozen.plan.wanted.map(({ name, published }) => [name, published]), [
      ["web", []],
    ]);
    assert.deepEqual(lines.map(({ event, message, fields }) => [event, message, fields]), [[
      "deployment.unreadable",
      `${START} is not what pgod wrote, and is ignored`,
      { service: "shop", deployment: 1 },
    ]]);
    const { host: { run }, user, paths } = service;
    assert.ok(before.get(`${AT}/state.json`)?.includes('"number":1'));
    assert.equal(await recordedPlan(run, user, paths), undefined);
    const changes = podman.changes.length;
    assert.deepEqual(await heal(service, createOutput(() => {}, () => {})), []);
    assert.equal(podman.changes.length, changes);
  });
}

for (
  const [what, text, why] of [
    [
      "100,000 keys",
      `services:\n${Array.from({ length: 1e5 }, (_, at) => ` a${at}:\n`).join("")}`,
      /^the run file of deployment 1 (is longer|has more) than/,
    ],
    ["4 MB", "x".repeat(4e6), /1\.run\.yaml has more than 1048576 bytes$/],
  ] as const
) {
  Deno.test(`a run file of ${what} is refused before it is parsed`, async () => {
    const { service, podman, deployRevision } = await withFiles({ [RUN]: text, [START]: "" });
    await assert.rejects(readFrozen(service, 1), (error) => {
      assert.ok(error instanceof StepError);
      assert.match(error.message, why);
      return true;
    });
    assert.equal(await isReadable(service, 1), text.length <= FILE_LIMIT);
    // It keeps nothing from being deployed.
    assert.equal((await deployRevision("b".repeat(40))).result, "deployed");
    assert.equal(podman.running.get("web"), "2");
  });
}

Deno.test("variables that would reach root's own program are not taken from a user", async () => {
  for (
    const name of ["LD_PRELOAD", "GCONV_PATH", "LOCPATH", "GLIBC_TUNABLES", "PATH", "a b", "=x"]
  ) {
    assert.equal(parseVariables(JSON.stringify({ [name]: "x" })), undefined, name);
  }
  for (const text of ["x", '{"A":1}', '{"A":"\\u0000"}']) {
    assert.equal(parseVariables(text), undefined);
  }
  assert.deepEqual(parseVariables('{"DB_PASSWORD":"x"}'), { DB_PASSWORD: "x" });
  const { service } = await withFiles({ [VARIABLES]: '{"GCONV_PATH":"/home/miek"}' });
  await assert.rejects(readFrozen(service, 1), /^Error: .*1\.env\.json is not what pgod wrote$/);
});

Deno.test("what would be too large to be read back takes nothing down", async () => {
  const { service, candidate, deployRevision, podman } = await withFiles({});
  const { model: { services: [web] } } = await candidate("");
  assert.ok(web);
  web.environment["BIG"] = { value: "x".repeat(FILE_LIMIT), secret: false, at: web.at };
  await assert.rejects(
    deployRevision("b".repeat(40)),
    /it is too large: .*2\.run\.yaml would have/,
  );
  assert.equal(podman.running.get("web"), "1");
  assert.equal(service.host.ledger.service("shop").live, 1);
});

Deno.test("a state file that is too large counts as missing", async () => {
  const { service } = await withFiles({ [`${AT}/state.json`]: " ".repeat(2e6) });
  const { host: { run }, user, paths } = service;
  assert.equal(await recordedPlan(run, user, paths), undefined);
});
