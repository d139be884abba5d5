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
export function complain(fault: Fault, { page, outage, orphans }: Outcome): string {
  if (page !== fault.expected) return `${JSON.stringify(page)} is served`;
  if (orphans > 0) return `${orphans} orphans`;
  return !fault.starts && outage > BLINK ? `an outage of ${outage} ms for nothing` : "";
}

/** Plays a fault; what goes wrong is told, not thrown. */
export async function attempt(fault: Fault, twin: boolean): Promise<Outcome & { wrong: string }> {
  try {
    const outcome = await play({
      fault: fault.happen,
      expected: fault.expected,
      ...(twin ? { mutations: fault.without, patience: 15_000 } : {}),
    });
    return { ...outcome, wrong: complain(fault, outcome) };
  } catch (error) {
    return {
      page: "?",
      outage: 0,
      orphans: 0,
      wrong: (error as Error).message.split("\n")[0] ?? "",
    };
  }
}

if (import.meta.main) {
  const chosen = FAULTS.filter(({ name }) =>
    Deno.args.length === 0 || Deno.args.some((word) => name.includes(word))
  );
  const rows: string[] = [];
  let bad = 0;
  for (const fault of chosen) {
    const good = await attempt(fault, false);
    const twin = await attempt(fault, true);
    const fine = good.wrong === "" && twin.wrong !== "";
    if (!fine) bad++;
    rows.push(
      `| ${fault.name} | ${
        good.wrong === "" ? `${JSON.stringify(good.page)}` : good.wrong
      } | ${good.outage} | ${good.orphans} | ${fault.harm}: ${
        twin.wrong === "" ? "NOT SEEN" : "seen"
      } |`,
    );
    console.log(rows.at(-1), fine ? "" : `<-- ${good.wrong || `twin: ${JSON.stringify(twin)}`}`);
  }
  const head =
    "| fault | served in the end | outage, ms | orphans | without the protection |\n| --- | --- | --- | --- | --- |";
  console.log(`\n${chosen.length} faults, ${bad} not as they should be`);
  if (Deno.args.length === 0) {
    await Deno.writeTextFile(
      new URL("../../docs/faults.md", import.meta.url),
      page(head, rows, bad),
    );
  }
  Deno.exit(bad === 0 ? 0 : 1);
}

function page(head: string, rows: readonly string[], bad: number): string {
  return `# Faults

Made by \`deno task faults\` (as root, on real podman and podman-compose). The page "one" is live; then the fault happens, with a push of "two" where it is about a deployment. A visitor asks every 50 ms. Each fault is shown to be reached,
and has a twin: the same with the protection taken out of the program, which has to do harm. Where nothing has to start, nobody may notice.

${head}
${rows.join("\n")}

${rows.length} faults, ${bad} not as they should be.
`;
}
