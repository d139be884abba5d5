/**
 * `deno task bench [PART…]`: prints the table and keeps its figures in `bench/results.json`, beside those of parts
 * that were not run. With `--host`, as root, also what needs real containers.
 * @module
 */
import { benchCompose } from "./compose.ts";
import { benchHost } from "./host.ts";
import { benchIdle } from "./idle.ts";
import { formatRows, isMet, type Row } from "./measure.ts";
import { benchOutage } from "./outage.ts";
import { benchScale } from "./scale.ts";
import { benchSsh } from "./ssh.ts";
import { benchStart } from "./start.ts";

/** The parts of a run; those of a host need root and real containers. */
const PARTS: Record<string, () => Promise<Row[]>> = {
  compose: benchCompose,
  idle: benchIdle,
  scale: benchScale,
  ssh: benchSsh,
  start: benchStart,
};
const HOST_PARTS: typeof PARTS = { host: benchHost, outage: benchOutage };

/** `results.json`: what each part found, and where and when. */
type Results = Record<string, { deno: string; cores: number; at: string; rows: Row[] }>;

const host = Deno.args.includes("--host");
const parts = { ...PARTS, ...(host ? HOST_PARTS : {}) };
const named = Deno.args.filter((word) => !word.startsWith("-"));
const unknown = named.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(", ")}, expected ${Object.keys(parts).join(", ")}`);
  Deno.exit(64);
}

const file = new URL("results.json", import.meta.url);
const results: Results = JSON.parse(await Deno.readTextFile(file));
let missed = false;
for (const [name, part] of Object.entries(parts)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const rows = await part();
  console.log(`${formatRows(rows)}\n`);
  missed ||= rows.some((row) => isMet(row) === false);
  results[name] = {
    deno: Deno.version.deno,
    cores: navigator.hardwareConcurrency,
    at: new Date().toISOString(),
    rows,
  };
}
await Deno.writeTextFile(file, `${JSON.stringify(results, null, 2)}\n`);
Deno.exit(missed ? 1 : 0);
