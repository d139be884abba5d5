/**
 * `deno task fuzz [--inputs N] [--seed N] [--only TARGET]`: a hundred thousand bad inputs for pgod's SSH server, counted by target.
 * @module
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { campaign } from "./campaign.ts";
import { verdict } from "./verdict.ts";
import { keyFiles } from "./targets.ts";

const { values } = parseArgs({
  options: { inputs: { type: "string" }, seed: { type: "string" }, only: { type: "string" } },
});
const count = Number(values.inputs ?? 110_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}: deno task fuzz --seed ${seed} sends the same again`);
const started = performance.now();
fc.assert(keyFiles, { seed, numRuns: count / 10 });
const findings = await campaign({
  count,
  seed,
  ...(values.only ? { only: values.only } : {}),
  report: (line) => console.log(line),
});
const { lines, ok } = verdict(findings);
console.log(
  [...lines, `${Math.round((performance.now() - started) / 1000)} s`, ok ? "ok" : "FAILED"].join(
    "\n",
  ),
);
Deno.exit(ok ? 0 : 1);
