/**
 * The demo's pgod: started under exactly the permissions it asks for, found again when it was left running.
 * @module
 */
import { fileURLToPath } from "node:url";
import { split } from "shlex";
import type { Run } from "./run.ts";

const PGOD = fileURLToPath(new URL("../../pgod.ts", import.meta.url));

/** How the demo's directories begin; the config in one of them tells the demo's pgod from any other. */
export const PREFIX = "pgo-demo-";
export const CONFIG = "config.toml";

/** A pgod that runs. */
export interface Pgod {
  pid: number;
  /** Ends it with SIGTERM. */
  stop(run: Run): Promise<void>;
}

/** Starts pgod with `flags`; it logs to the file `log`, and may outlive the demo. */
export async function startPgod(run: Run, flags: string[], log: string): Promise<Pgod> {
  const deno = ["deno", "run", "-q", "--allow-read", "--allow-env", "--allow-sys=uid"];
  const line = await run([...deno, PGOD, "permissions", ...flags]);
  console.log(`$ ${line} -t 1s`);
  console.log(`   its log: ${log}`);
  const child = new Deno.Command("bash", {
    args: ["-c", 'exec "$@" 2>"$0"', log, ...split(line), "-t", "1s"],
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    pid: child.pid,
    async stop(run) {
      await run(["kill", "-s", "TERM", `${child.pid}`]).catch(() => {});
      await child.status;
    },
  };
}

/** The process id of a pgod that an earlier demo left running; undefined where there is none. */
export async function findPgod(run: Run): Promise<string | undefined> {
  const config = `/${PREFIX}[^/]*/${CONFIG.replace(".", "[.]")}$`;
  // Processes that end meanwhile make grep complain; finding none makes it fail.
  const found = await run([
    "bash",
    "-c",
    `grep -lzE '${config}' /proc/[0-9]*/cmdline 2>/dev/null | xargs -r grep -lz '/pgod[.]ts$' || true`,
  ]);
  return /^\/proc\/(\d+)\//m.exec(found)?.[1];
}
