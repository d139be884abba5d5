/**
 * How long programs take to start.
 * @module
 */
import { fileURLToPath } from "node:url";
import { pgoctlPermissions } from "../lib/client/pgoctl_manual.ts";
import { bundle } from "../scripts/bundle.ts";
import { until } from "../tests/e2e/shell.ts";
import { percentile, type Row, times } from "./measure.ts";
import { denoDir, withPgod, withPgodFiles } from "./pgod.ts";

const PGOCTL = fileURLToPath(new URL("../pgoctl.ts", import.meta.url));
const RUNS = 20;
const SERVICES = [1, 1000];

/** The rows of this part. */
export async function benchStart(): Promise<Row[]> {
  const rows = await withPgodFiles(1, (dir) => withPgod(dir, ({ port }) => client(dir, port)));
  for (const services of SERVICES) {
    const banners = await withPgodFiles(services, async (dir) => {
      const all: number[] = [];
      for (let run = 0; run < 3; run++) {
        all.push(await withPgod(dir, ({ banner }) => Promise.resolve(banner)));
      }
      return all;
    });
    rows.push({
      what: `pgod with ${services} service${services > 1 ? "s" : ""}: start to SSH greeting`,
      value: percentile(banners, 50),
      unit: "ms",
      goal: { atMost: 300, of: "value" },
    });
  }
  return rows;
}

async function client(dir: string, port: number): Promise<Row[]> {
  const env = {
    HOME: dir,
    USER: "bench",
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: await denoDir(),
  };
  const deno = async (...args: string[]) => {
    const command = new Deno.Command("deno", { args, env, clearEnv: true, stdin: "null" });
    const { code } = await command.output();
    return code;
  };
  const ping = ["-i", `${dir}/key`, "-p", `${port}`, "127.0.0.1:s0//ping"];
  const pgoctl = () => deno("run", "-q", ...pgoctlPermissions(dir), PGOCTL, ...ping);
  await bundle(`${dir}/bundles`);
  const bundled = () =>
    deno(
      "run",
      "-q",
      "--no-config",
      ...pgoctlPermissions(dir),
      `${dir}/bundles/pgoctl.js`,
      ...ping,
    );
  await until("a ping", async () => await pgoctl() === 0 && await bundled() === 0);
  const took = await times(RUNS, { pgoctl, bundled, nothing: () => deno("eval", "''") });
  const beside: Row = {
    what: "the same of the bundle, dist/pgoctl.js, p50",
    value: percentile(took.bundled, 50),
    unit: "ms",
    floor: { what: "pgoctl.ts", value: percentile(took.pgoctl, 50) },
  };
  return [50, 95].map((percent): Row => ({
    what: `pgoctl ping, the whole process, p${percent}`,
    value: percentile(took.pgoctl, percent),
    unit: "ms",
    floor: { what: "deno eval ''", value: percentile(took.nothing, percent) },
    ...(percent === 50 ? { goal: { atMost: 4, of: "ratio" as const } } : {}),
  })).concat(beside);
}
