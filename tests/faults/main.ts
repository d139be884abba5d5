/**
 * `deno task faults [NAME…]`: each fault with its protection, and its twin without; the table goes to docs/faults.md.
 * @module
 */
import { CANDIDATES } from "./candidates.ts";
import type { Fault } from "./fault.ts";
import { HOSTS } from "./hosts.ts";
import { KILLS } from "./kills.ts";
import { type Outcome, play } from "./scene.ts";

/** All faults. */
export const FAULTS: readonly Fault[] = [...KILLS, ...CANDIDATES, ...HOSTS];
/** Milliseconds that a visitor may miss by chance where nothing is started. */
const BLINK = 150;

/** What is wrong with an outcome; `""` when nothing is. */
export function complain(fault: Fault, { page, calm, outage, orphans }: Outcome): string {
  if (page !== fault.expected) return `${JSON.stringify(page)} is served`;
  if (!calm) return "pgod does not come to rest";
  if (orphans > 0) return `${orphans} orphans`;
  return !fault.starts && outage > BLINK ? `an outage of ${outage} ms for nothing` : "";
}

/**
 * Plays a fault; `wrong` says what is not as it should be in the end. @throws {Error} when the fault was not reached:
 * a twin that breaks before it shows nothing.
 */
export async function attempt(fault: Fault, twin: boolean): Promise<Outcome & { wrong: string }> {
  const outcome = await play({
    fault: fault.happen,
    holds: fault.holds,
    expected: fault.expected,
    ...(twin ? { mutations: fault.without, patience: 15_000 } : {}),
  });
  return { ...outcome, wrong: complain(fault, outcome) };
}

/** {@link attempt}, with what kept it from being played in words. */
async function tried(fault: Fault, twin: boolean) {
  try {
    return { ...await attempt(fault, twin), broken: "" };
  } catch (error) {
    const broken = (error as Error).message.split("\n")[0] || "broken";
    return { page: "?", calm: false, outage: 0, orphans: 0, wrong: broken, broken };
  }
}

/** A row of the table, as it was last played. */
interface Row {
  served: string;
  outage: number;
  orphans: number;
  harm: string;
  fine: boolean;
}

const TABLE = new URL("../../docs/faults.json", import.meta.url);

async function readRows(): Promise<Record<string, Row>> {
  try {
    return JSON.parse(await Deno.readTextFile(TABLE));
  } catch {
    return {};
  }
}

if (import.meta.main) {
  const chosen = FAULTS.filter(({ name }) =>
    Deno.args.length === 0 || Deno.args.some((word) => name.includes(word))
  );
  const rows = await readRows();
  let bad = 0;
  for (const fault of chosen) {
    const good = await tried(fault, false);
    const twin = await tried(fault, true);
    const fine = good.wrong === "" && twin.wrong !== "" && twin.broken === "";
    if (!fine) bad++;
    rows[fault.name] = {
      served: good.wrong === "" ? JSON.stringify(good.page) : good.wrong,
      outage: good.outage,
      orphans: good.orphans,
      harm: twin.broken
        ? `NOT PLAYED: ${twin.broken}`
        : twin.wrong === ""
        ? `${fault.harm}: NOT SEEN`
        : `${fault.harm} (${twin.wrong})`,
      fine,
    };
    console.log(
      fault.name,
      JSON.stringify(rows[fault.name]),
      fine ? "" : `<-- twin: ${twin.wrong}`,
    );
    await Deno.writeTextFile(TABLE, `${JSON.stringify(rows, null, 2)}\n`);
    await Deno.writeTextFile(new URL("faults.md", TABLE), page(rows));
  }
  console.log(`\n${chosen.length} faults, ${bad} not as they should be`);
  Deno.exit(bad === 0 ? 0 : 1);
}

function page(rows: Record<string, Row>): string {
  const lines = FAULTS.flatMap(({ name, starts }) => {
    const row = rows[name];
    if (!row) return [`| ${name} | not played yet | | | |`];
    const outage = starts ? String(row.outage) : `${row.outage} (nothing starts)`;
    return [`| ${name} | ${row.served} | ${outage} | ${row.orphans} | ${row.harm} |`];
  });
  const played = FAULTS.filter(({ name }) => rows[name]);
  const bad = played.filter(({ name }) => !rows[name]?.fine).length;
  return `# Faults

Made by \`deno task faults\` (as root, on real podman and podman-compose). The page "one" is live; then the fault happens, with a push of "two" where it is about a deployment. A visitor asks every 50 ms. Each fault is shown to be reached,
and has a twin: the same with the protection taken out of the program, which has to do harm. Where nothing has to start, nobody may notice.

| fault | served in the end | outage, ms | orphans | without the protection |
| --- | --- | --- | --- | --- |
${lines.join("\n")}

${FAULTS.length} faults, ${played.length} played, ${bad} not as they should be.
`;
}
