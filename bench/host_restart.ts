/**
 * pgod started again beside a service that runs: how soon it can be reached.
 * @module
 */
import { permittedCommand, pgodFlags, startLogging } from "../tests/e2e/pgod.ts";
import { ok } from "../tests/e2e/shell.ts";
import type { World } from "../tests/e2e/world.ts";
import { percentile, type Row } from "./measure.ts";
import { denoDir, greeting } from "./pgod.ts";

const RUNS = 5;

/** The rows of a start; the world's pgod is ended. */
export async function benchRestart(world: World): Promise<Row[]> {
  await world.stop();
  const env = {
    HOME: `${world.dir}/home`,
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: await denoDir(),
  };
  const argv = await permittedCommand(pgodFlags(world), { env });
  const port: number[] = [], banner: number[] = [], nothing: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    const { child, ended } = startLogging(argv, () => {}, env);
    const came = await greeting(world.port);
    port.push(came.port - started);
    banner.push(came.banner - started);
    await ok(["kill", `${child.pid}`]);
    await ended;
    const begin = performance.now();
    await ok(["deno", "eval", "''"], { env });
    nothing.push(performance.now() - begin);
  }
  const row = (what: string, all: number[]): Row => ({
    what: `pgod with a deployed service: start to ${what}`,
    value: percentile(all, 50),
    unit: "ms",
    floor: { what: "deno eval ''", value: percentile(nothing, 50) },
  });
  return [
    row("listening", port),
    { ...row("SSH greeting", banner), goal: { atMost: 300, of: "value" } },
  ];
}
