/**
 * What pgod holds in memory while nothing happens: the real process, and real git, with a local repository for all
 * services. `podman` is a stand-in that says no, so each service ends as a candidate that could not be deployed.
 * @module
 */
import { sleep } from "../lib/host/clock.ts";
import { percentile, type Row } from "./measure.ts";
import { type MeasuredPgod, withPgod, withPgodFiles } from "./pgod.ts";
import { resident, withProgram } from "./programs.ts";

const SERVICES = [1, 100, 1000];
/** Milliseconds after the last service was looked at. */
const REST = 5000;
/** Milliseconds that looking at all of them may take. */
const PATIENCE = 10 * 60_000;

/** The rows of this part; a thousand services take minutes until each has been cloned and looked at. */
export async function benchIdle(): Promise<Row[]> {
  const rows: Row[] = [];
  const nothing = await withProgram(
    { argv: ["deno", "eval", "setTimeout(() => {}, 60_000)"] },
    async (pid) => {
      await sleep(1000);
      return await resident(pid);
    },
  );
  const memory: number[] = [];
  for (const services of SERVICES) {
    const held = await withPgodFiles(
      services,
      (dir) => withPgod(dir, (pgod) => whenIdle(pgod, services)),
    );
    memory.push(held);
    const name = `${services} service${services > 1 ? "s" : ""}`;
    rows.push({
      what: `memory of an idle pgod with ${name}`,
      value: held,
      unit: "MB",
      floor: { what: "an idle deno", value: nothing },
    });
  }
  const [least, most] = [percentile(memory, 0), percentile(memory, 100)];
  const [few = 0, many = 0] = [SERVICES[0], SERVICES.at(-1)];
  rows.push({
    what: "memory of a service, as V8 leaves it after the start",
    value: (most - least) * 1024 / (many - few),
    unit: "KB",
  });
  return rows;
}

/** Megabytes held some time after each service has been looked at. */
async function whenIdle({ pid, log }: MeasuredPgod, services: number) {
  const begin = performance.now();
  // The last line about a first look that failed tells its tip.
  while (log().split(" tip=").length <= services) {
    if (performance.now() - begin > PATIENCE) throw new Error(`not idle after ${PATIENCE} ms`);
    await sleep(200);
  }
  await sleep(REST);
  return await resident(pid);
}
