/**
 * Programs as the demo runs them: to their end, and in sessions of their own, so that Ctrl-C reaches the demo alone.
 * @module
 */

/** Runs a program that has to succeed, or to fail with `fails`; returns what it printed. */
export type Run = (
  argv: string[],
  options?: {
    /** The command line to show, with what it printed. */
    show?: string;
    fails?: boolean;
    env?: Record<string, string>;
  },
) => Promise<string>;

/** Once `signal` aborts, the program under way is ended with SIGTERM, and no other is begun. */
export function createRun(signal?: AbortSignal): Run {
  return async (argv, { show, fails = false, env = {} } = {}) => {
    signal?.throwIfAborted();
    const [program = "", ...args] = argv;
    if (show) console.log(`$ ${show}`);
    const child = new Deno.Command(program, {
      args,
      env,
      cwd: "/",
      detached: true,
      signal,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { code, stdout, stderr } = await child.output();
    signal?.throwIfAborted();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    if (show) console.log(text.trimEnd());
    if ((code !== 0) !== fails) throw new Error(`${argv.join(" ")} exited with ${code}: ${text}`);
    return text.trim();
  };
}
