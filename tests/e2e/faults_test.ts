import assert from "node:assert/strict";
import { attempt, FAULTS } from "../faults/main.ts";

/** A shorter form of `deno task faults`: one of each kind. */
const CHOSEN = [
  "pgod killed after down",
  "port taken by a foreign process",
  "never healthy",
  "ledger corrupted",
];

for (const name of CHOSEN) {
  const fault = FAULTS.find((one) => one.name === name);
  Deno.test(`fault: ${name}`, async () => {
    assert.ok(fault);
    assert.equal((await attempt(fault, false)).wrong, "");
  });
}

Deno.test("without its protection, a fault does harm", async () => {
  const fault = FAULTS.find(({ name }) => name === "violation of the policy");
  assert.ok(fault);
  assert.notEqual((await attempt(fault, true)).wrong, "");
});
