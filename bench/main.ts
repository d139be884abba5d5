/**
 * `deno task bench`: prints the table and keeps its figures in `bench/results.json`. With `--host`, as root, also what
 * needs real containers.
 * @module
 */
import { benchCompose } from "./compose.ts";
import { benchOutage } from "./outage.ts";
import { formatRows, isMet } from "./measure.ts";

const rows = [...await benchCompose()];
if (Deno.args.includes("--host")) rows.push(...await benchOutage());
console.log(formatRows(rows));
const results = { deno: Deno.version.deno, cores: navigator.hardwareConcurrency, rows };
await Deno.writeTextFile(
  new URL("results.json", import.meta.url),
  `${JSON.stringify(results, null, 2)}\n`,
);
Deno.exit(rows.some((row) => isMet(row) === false) ? 1 : 0);
