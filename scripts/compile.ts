/**
 * `deno task compile`: the programs as single files for other machines, dist/PROGRAM-SYSTEM, permissions baked in.
 * What runs them (denort) is downloaded by Deno for each system, or is the file that DENORT_BIN names.
 * @module
 */
import { parseArgs } from "node:util";
import { permissionFlags } from "../lib/config/permissions.ts";
import { bundle, root, run } from "./bundle.ts";
import { pgoctlFlags } from "./install/launchers.ts";

/** What is built: which program, for which machine, and how the file is called. */
export const BUILDS = [
  { name: "pgoctl-linux-x64", program: "pgoctl", target: "x86_64-unknown-linux-gnu" },
  { name: "pgoctl-linux-arm64", program: "pgoctl", target: "aarch64-unknown-linux-gnu" },
  { name: "pgoctl-macos-x64", program: "pgoctl", target: "x86_64-apple-darwin" },
  { name: "pgoctl-macos-arm64", program: "pgoctl", target: "aarch64-apple-darwin" },
  { name: "pgod-linux-x64", program: "pgod", target: "x86_64-unknown-linux-gnu" },
  { name: "pgod-linux-arm64", program: "pgod", target: "aarch64-unknown-linux-gnu" },
] as const;

/** pgod's permissions for a host that uses what is the default: nobody can ask a compiled program for others. */
export function pgodFlags(): string[] {
  const places = { config: "/etc/pgo.toml", dir: "/var/lib/pgo", listen: ["[::]:2222"] };
  return permissionFlags({ how: "runuser", notify: true, ...places })
    .map((flag) => flag.startsWith("--allow-run=") ? `${flag},cat` : flag);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    options: { output: { type: "string", default: `${root}dist` } },
    allowPositionals: true,
  });
  const unknown = positionals.find((word) => !BUILDS.some(({ name }) => name === word));
  if (unknown !== undefined) {
    const known = BUILDS.map(({ name }) => name).join(", ");
    throw new Error(`"${unknown}" is not built, expected some of ${known}, or none for all`);
  }
  const built = await bundle(values.output);
  const [shebang = ""] = (await Deno.readTextFile(`${root}pgoctl.ts`)).split("\n");
  // Whose home it will be is not known here: pgoctl may write where its user may.
  const flags = {
    pgod: pgodFlags(),
    pgoctl: pgoctlFlags(shebang).map((flag) =>
      flag.startsWith("--allow-write=") ? "--allow-write" : flag
    ),
  };
  for (const { name, program, target } of BUILDS) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const output = `${values.output}/${name}`;
    const file = `${values.output}/${program}.js`;
    const words = ["compile", "--quiet", "--no-config", `--target=${target}`, `--output=${output}`];
    await run("deno", [...words, ...flags[program], file]);
    console.log(`${output} (${built})`);
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`pgo: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
