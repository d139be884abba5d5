/**
 * Every technique of the hostile corpus that podman-compose takes: first plain podman-compose does as the repository
 * says, seen in what it asks podman to do (`proof` in `expect.yaml`), then PGO refuses the very same files.
 * @module
 */
import assert from "node:assert/strict";
import { formatFinding, isRefused } from "../../lib/compose/problem.ts";
import { directorySource } from "../../lib/service/directory_source.ts";
import { type Case, inspectCase, readCorpus } from "../compose/corpus.ts";
import { composePaths } from "./compose_versions.ts";
import { layOut, prepareRecorder, record } from "./hostile_recorder.ts";
import { ok } from "./shell.ts";
import { USERS } from "./users.ts";

const [ALICE] = USERS;
/** podman-compose 1.0.3 sleeps for a second after each container: more at once than there are processors. */
const AT_ONCE = 8;

const hostile = await readCorpus("hostile");
const versions = await composePaths();

/** What is missing from the proof that `one` works without PGO. */
async function unproven(one: Case, dir: string, checkout: string): Promise<string[]> {
  const { proof = [], proof_hangs, proof_memory, proof_version = "1.0.3" } = one.expect;
  const version = versions.find(({ version }) => version === proof_version);
  if (!version) return [`no podman-compose ${proof_version} here`];
  if (proof.length === 0 && !proof_hangs && !proof_memory) return ["expect.yaml has no proof"];
  const seconds = proof_hangs ? 6 : proof_memory ? 90 : 25;
  const recording = await record(one, { dir, checkout, user: ALICE, seconds, ...version });
  const { calls, hung, stderr } = recording;
  const asked = calls.filter((call) => !call.startsWith("--version"));
  const missing = proof.filter((pattern) => !calls.some((call) => new RegExp(pattern).test(call)))
    .map((pattern) => `podman-compose ${proof_version} never asked for ${pattern}`);
  if (proof_hangs && (!hung || asked.length > 0 || calls.length === 0)) missing.push("no hang");
  if (proof_memory && (!/MemoryError/.test(stderr) || asked.length > 0)) {
    missing.push("memory sufficed");
  }
  if (missing.length > 0) missing.push(...calls, stderr.slice(-2000));
  return missing;
}

async function problems(one: Case, dir: string): Promise<string[]> {
  const checkout = await layOut(one, dir);
  const found = await unproven(one, dir, checkout);
  const { findings } = await inspectCase({ ...one, source: directorySource(checkout) });
  if (!isRefused(findings)) {
    found.push(`PGO DOES NOT REFUSE IT: ${findings.map(formatFinding).join("\n")}`);
  }
  return found.map((problem) => `${one.name}: ${problem}`);
}

async function allProblems(cases: Case[]): Promise<string[]> {
  const dir = await Deno.makeTempDir({ prefix: "pgo-hostile-" });
  const queue = cases.values();
  const found: string[] = [];
  try {
    await prepareRecorder(dir);
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const one of queue) found.push(...await problems(one, dir));
    }));
  } finally {
    await ok(["rm", "-rf", dir]);
  }
  return found;
}

Deno.test("hostile repositories do as they say under podman-compose 1.0.3, and PGO refuses them", async () => {
  const accepted = hostile.filter(({ expect }) => expect.podman_compose === "accepts");
  assert.ok(accepted.length >= 150, `${accepted.length} cases`);
  assert.deepEqual(accepted.filter(({ expect }) => expect.proof_version), []);
  const found = await allProblems(accepted);
  assert.equal(found.length, 0, found.join("\n"));
});

Deno.test("hostile repositories that only podman-compose 1.3.0 obeys are refused as well", async () => {
  const newer = hostile.filter(({ expect }) => expect.proof_version === "1.3.0");
  assert.ok(newer.length >= 25, `${newer.length} cases`);
  const found = await allProblems(newer);
  assert.equal(found.length, 0, found.join("\n"));
});
