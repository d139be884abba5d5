import assert from "node:assert/strict";
import fc from "fast-check";
import { campaign } from "./campaign.ts";
import { keyFiles } from "./targets.ts";
import { verdict } from "./verdict.ts";

const INPUTS = 3_000;

Deno.test(`${INPUTS} bad inputs do the SSH server no harm, and honest clients are served meanwhile`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const findings = await campaign({ count: INPUTS, seed });
  const { lines, ok } = verdict(findings);
  assert.ok(ok, [`deno task fuzz --inputs ${INPUTS} --seed ${seed}`, ...lines].join("\n"));
  assert.ok(Object.values(findings.inputs).reduce((sum, count) => sum + count) >= INPUTS);
  assert.ok(findings.pings.served > 0);
});

Deno.test("key files: no exception, and no key that is not one", () => fc.assert(keyFiles));
