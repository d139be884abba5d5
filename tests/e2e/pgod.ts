/**
 * pgod as tests start it: under exactly the permissions that it asks for, with its log in hand.
 * @module
 */
import { fileURLToPath } from "node:url";
import { split } from "shlex";
import type { Place } from "./clients.ts";
import { ok } from "./shell.ts";

/** The program itself. */
export const PGOD = fileURLToPath(new URL("../../pgod.ts", import.meta.url));

/** The flags of a place's pgod, which keeps its things in the directory `own`. */
export function pgodFlags({ dir, port }: Place, own = "lib"): string[] {
  return ["-c", `${dir}/config.toml`, "-s", `127.0.0.1:${port}`, "--dir", `${dir}/${own}`];
}

/** The words of the line that `pgod permissions` prints; `prefix` are those that Deno is started by. */
export async function permittedCommand(
  flags: string[],
  { prefix = [], pgod = PGOD, env }: {
    prefix?: string[];
    pgod?: string;
    env?: Record<string, string>;
  } = {},
): Promise<string[]> {
  const deno = ["deno", "run", "-q", "--allow-env", "--allow-read", "--allow-sys=uid"];
  return split(await ok([...prefix, ...deno, pgod, "permissions", ...flags], { env }));
}

/** A process and what it logs. */
export interface Logging {
  child: Deno.ChildProcess;
  /** Resolves when it has ended and all it logged has arrived. */
  ended: Promise<Deno.CommandStatus>;
}

/** Starts a program and hands on what it writes to stderr; `env` is its whole environment, if given. */
export function startLogging(
  argv: readonly string[],
  onText: (text: string) => void,
  env?: Record<string, string>,
): Logging {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    env: env ?? {},
    clearEnv: env !== undefined,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) onText(text);
  })();
  return { child, ended: reading.then(() => child.status) };
}
