import assert from "node:assert/strict";
import type { Run } from "../../lib/host/process.ts";
import { frozen, halted } from "../../lib/service/hold.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import type { Service } from "../../lib/service/service.ts";
import { recall, recordedPlan } from "../../lib/service/state.ts";
import { recordedLog } from "../recorded_log.ts";

const LIVE = { number: 3, revision: "a".repeat(40), digest: "d" };
const HOLD = {
  actor: "SHA256:x (miek)",
  since: "2026-11-24T20:49:31.123Z",
  reason: "a move",
  until: null,
};
const GOOD = {
  live: LIVE,
  checkout: LIVE.revision,
  stopped: null,
  halted: '["web"]',
  frozen: JSON.stringify(HOLD),
};

/** A service whose user has written `text` as its state. */
function withState(text: string) {
  const { log, lines } = recordedLog();
  const ledger = new Ledger(":memory:");
  const run: Run = ({ argv }) =>
    Promise.resolve({ code: 0, stdout: argv[0] === "cat" ? text : "[]", stderr: "" });
  const user = { name: "miek", uid: 1, gid: 1, home: "/home/miek" };
  const paths = { deployments: "/srv/shop/deployments" };
  const service = { config: { name: "shop" }, user, paths, host: { ledger, run, log } };
  return { service: service as unknown as Service, ledger, lines };
}

Deno.test("what pgod wrote comes back, with its holds", async () => {
  const { service, ledger, lines } = withState(JSON.stringify(GOOD));
  await recall(service);
  assert.equal(ledger.service("shop").live, 3);
  assert.deepEqual(halted(service), ["web"]);
  assert.deepEqual(frozen(service), HOLD);
  assert.deepEqual(lines.map(({ event }) => event), ["deployment.adopted"]);
  ledger.close();
});

Deno.test("a state without columns that came later is one", async () => {
  const { service, ledger } = withState(JSON.stringify({ live: LIVE }));
  await recall(service);
  assert.equal(ledger.service("shop").live, 3);
  ledger.close();
});

const WRONG: [what: string, text: string][] = [
  ["no JSON", "x"],
  ["nothing", ""],
  ["null", "null"],
  ["a freeze that is no JSON", JSON.stringify({ ...GOOD, live: null, frozen: "x" })],
  ["a freeze that is none", JSON.stringify({ ...GOOD, frozen: '{"actor":1}' })],
  [
    "a freeze since no time",
    JSON.stringify({
      ...GOOD,
      frozen: JSON.stringify({ ...HOLD, since: "\x1b" }),
    }),
  ],
  ["halted services that are no list", JSON.stringify({ ...GOOD, halted: "{}" })],
  ["a number that is a path", JSON.stringify({ ...GOOD, live: { ...LIVE, number: "../x" } })],
  ["a number out of reach", JSON.stringify({ ...GOOD, live: { ...LIVE, number: 2 ** 53 } })],
  ["a revision that is an option", JSON.stringify({ ...GOOD, live: { ...LIVE, revision: "-x" } })],
  ["a checkout that is none", JSON.stringify({ ...GOOD, checkout: {} })],
];
for (const [what, text] of WRONG) {
  Deno.test(`a state file with ${what} counts as missing, and the log says so`, async () => {
    const { service, ledger, lines } = withState(text);
    await recall(service);
    const { live, frozen: held, halted: names } = ledger.service("shop");
    assert.deepEqual([live, held, names], [null, null, "[]"]);
    assert.deepEqual(lines.map(({ event }) => event), ["state.unreadable"]);
    const { host: { run }, user, paths } = service;
    assert.equal(await recordedPlan(run, user, paths), undefined);
    ledger.close();
  });
}
