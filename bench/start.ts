/**
 * How long programs take to start.
 * @module
 */
import { fileURLToPath } from "node:url";
import { pgoctlPermissions } from "../lib/client/pgoctl_manual.ts";
import { bundle } from "../scripts/bundle.ts";
import { pgoctlLauncher } from "../scripts/install/launchers.ts";
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
    const [ports, banners] = await withPgodFiles(services, async (dir) => {
      const all: [number[], number[]] = [[], []];
      for (let run = 0; run < 3; run++) {
        await withPgod(dir, ({ listening, banner }) => {
          all[0].push(listening);
          all[1].push(banner);
          return Promise.resolve();
        });
      }
      return all;
    });
    const what = `pgod with ${services} service${services > 1 ? "s" : ""}: start to`;
    rows.push({ what: `${what} listening`, value: percentile(ports, 50), unit: "ms" });
    rows.push({
      what: `${what} SSH greeting`,
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
  const run = async ([program = "", ...args]: string[]) => {
    const command = new Deno.Command(program, { args, env, clearEnv: true, stdin: "null" });
    const { code } = await command.output();
    return code;
  };
  const ping = ["-i", `${dir}/key`, "-p", `${port}`, "127.0.0.1:s0//ping"];
  const checkout = () => run(["deno", "run", "-q", ...pgoctlPermissions(dir), PGOCTL, ...ping]);
  await bundle(dir);
  await Deno.symlink(Deno.execPath(), `${dir}/deno`);
  const [shebang = ""] = (await Deno.readTextFile(PGOCTL)).split("\n");
  await Deno.writeTextFile(`${dir}/pgoctl`, pgoctlLauncher(dir, shebang), { mode: 0o755 });
  const installed = () =>
    run(["sh", "-c", 'unset DENO_DIR; exec "$0" "$@"', `${dir}/pgoctl`, ...ping]);
  await until("a ping", async () => await checkout() === 0 && await installed() === 0);
  const nothing = () => run(["deno", "eval", "''"]);
  const took = await times(RUNS, { installed, checkout, nothing });
  const row = (what: string, all: number[], percent: number): Row => ({
    what: `${what}, the whole process, p${percent}`,
    value: percentile(all, percent),
    unit: "ms",
    floor: { what: "deno eval ''", value: percentile(took.nothing, percent) },
  });
  return [
    { ...row("pgoctl ping as installed", took.installed, 50), goal: { atMost: 4, of: "ratio" } },
    row("pgoctl ping as installed", took.installed, 95),
    row("pgoctl ping from a checkout", took.checkout, 50),
  ];
}
