/**
 * A CI job as a runner carries it out.
 * @module
 */
import { join } from "shlex";
import { pgoctlCommand } from "./clients.ts";
import { denoDir, type Result, sh } from "./shell.ts";
import type { World } from "./world.ts";

/** Runs the lines of a CI job in a shell where `pgoctl` is on the PATH and `$SSHKEY` is `key`. */
export async function job(world: World, key: string, script: string): Promise<Result> {
  const home = `${world.dir}/home`;
  // The design document's job names no port: the runner's own is the test's.
  const shim = `#!/bin/sh\nexec ${join(pgoctlCommand(home))} -p ${world.port} "$@"\n`;
  await Deno.writeTextFile(`${world.dir}/pgoctl`, shim, { mode: 0o755 });
  const env = {
    HOME: home,
    PATH: `${world.dir}:${Deno.env.get("PATH")}`,
    SSHKEY: key,
    DENO_DIR: denoDir(),
  };
  return await sh(["sh", "-ec", script], { env });
}
