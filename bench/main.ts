/**
 * `deno task bench`: prints the table and keeps its figures in `bench/results.json`.
 * @module
 */
import { benchCompose } from "./compose.ts";
import { formatRows, isMet } from "./measure.ts";

const rows = [...await benchCompose()];
console.log(formatRows(rows));
const results = { deno: Deno.version.deno, cores: navigator.hardwareConcurrency, rows };
await Deno.writeTextFile(
  new URL("results.json", import.meta.url),
  `${JSON.stringify(results, null, 2)}\n`,
);
Deno.exit(rows.some((row) => isMet(row) === false) ? 1 : 0);
