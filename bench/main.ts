/**
 * `deno task bench [PART…]`: prints the table and writes its figures to `bench/last.json`; with `--keep` to
 * `bench/results.json`, beside those of parts that were not run. With `--host`, as root, also what needs real containers.
 * Exits with 1 when a goal was missed.
 * @module
 */
import { cpus } from "node:os";
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

/** What each part found, and where and when. */
type Results = Record<string, Found>;
interface Found {
  deno: string;
  /** The processor's name, as it calls itself. */
  processor: string;
  cores: number;
  at: string;
  rows: Row[];
}

const FLAGS = ["--host", "--keep"];
const [host, keep] = FLAGS.map((flag) => Deno.args.includes(flag));
const parts = { ...PARTS, ...(host ? HOST_PARTS : {}) };
const named = Deno.args.filter((word) => !FLAGS.includes(word));
const unknown = named.filter((name) => !(name in parts));
if (unknown.length > 0) {
  const known = [...Object.keys(parts), ...FLAGS].join(", ");
  console.error(`no part ${unknown.join(", ")}, expected some of ${known}; none is all parts`);
  Deno.exit(64);
}

const file = new URL(keep ? "results.json" : "last.json", import.meta.url);
const results: Results = keep ? JSON.parse(await Deno.readTextFile(file)) : {};
const [{ model: processor } = { model: "unknown" }] = cpus();
let missed = false;
for (const [name, part] of Object.entries(parts)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const rows = await part();
  console.log(`${formatRows(rows)}\n`);
  missed ||= rows.some((row) => isMet(row) === false);
  results[name] = {
    deno: Deno.version.deno,
    processor,
    cores: navigator.hardwareConcurrency,
    at: new Date().toISOString(),
    rows,
  };
}
await Deno.writeTextFile(file, `${JSON.stringify(results, null, 2)}\n`);
Deno.exit(missed ? 1 : 0);
