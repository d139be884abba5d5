/**
 * Programs as the bench starts them: nobody reads what they print, but for its first byte.
 * @module
 */
import { sleep, within } from "../lib/host/clock.ts";
import { ok } from "../tests/e2e/shell.ts";

/** Milliseconds after which a program that has printed nothing is given up. */
const PATIENCE = 30_000;

/** A program and its environment beside the bench's own. */
export interface Program {
  argv: readonly string[];
  env?: Record<string, string>;
}

/** A program as a user's own, with what rootless Podman needs; `env` comes on top. */
export async function own(
  user: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Program> {
  const uid = await ok(["id", "-u", user]);
  const theirs = { HOME: `/home/${user}`, USER: user, XDG_RUNTIME_DIR: `/run/user/${uid}`, ...env };
  return { argv: ["runuser", "-u", user, "--", ...argv], env: theirs };
}

function start({ argv, env = {} }: Program, stdout: "null" | "piped"): Deno.ChildProcess {
  const [program = "", ...args] = argv;
  const command = { args, env, cwd: "/", stdin: "null", stdout, stderr: "null" } as const;
  return new Deno.Command(program, command).spawn();
}

/** Runs a program that has to succeed; its output is thrown away. */
export async function succeeds(program: Program): Promise<void> {
  const { code } = await start(program, "null").status;
  if (code !== 0) throw new Error(`${program.argv.join(" ")} exited with ${code}`);
}

/** Milliseconds until a program prints; that it has to be ended after it does not count. */
export async function firstByte(program: Program): Promise<number> {
  const begin = performance.now();
  const child = start(program, "piped");
  const reader = child.stdout.getReader();
  const got = await within(PATIENCE, reader.read());
  const took = performance.now() - begin;
  if (child.pid) {
    try {
      child.kill();
    } catch { /* it has ended */ }
  }
  await reader.cancel();
  await child.status;
  if (!got?.value) throw new Error(`${program.argv.join(" ")} printed nothing`);
  return took;
}

/** Runs `body` beside a program; ends it. */
export async function withProgram<Value>(
  program: Program,
  body: (pid: number) => Promise<Value>,
): Promise<Value> {
  const child = start(program, "null");
  try {
    return await body(child.pid);
  } finally {
    child.kill();
    await child.status;
  }
}

/** Megabytes a process holds resident now; from now on {@link peak} counts anew. */
export function resident(pid: number): Promise<number> {
  return statusField(pid, "VmRSS", `echo 5 > /proc/${pid}/clear_refs; `);
}

/** Megabytes a process held resident at most since {@link resident} was last asked. */
export function peak(pid: number): Promise<number> {
  return statusField(pid, "VmHWM");
}

// Deno itself reads nothing of /proc unless it may do everything.
async function statusField(pid: number, field: string, before = ""): Promise<number> {
  const line = await ok(["sh", "-c", `${before}grep ${field} /proc/${pid}/status`]);
  return Number(/\d+/.exec(line)?.[0]) / 1024;
}

/** Milliseconds of a processor that a process took so far, and all its children that have ended. */
export async function cpu(pid: number): Promise<{ itself: number; children: number }> {
  const text = await ok(["sh", "-c", `getconf CLK_TCK; cat /proc/${pid}/stat`]);
  const [hertz, stat = ""] = text.split("\n");
  // The name of the program, in brackets, may hold spaces: utime, stime, cutime and cstime are 14 to 17 of all.
  const [user, system, childUser, childSystem] = stat.replace(/^.*\) /, "").split(" ").slice(11)
    .map((ticks) => Number(ticks) * 1000 / Number(hertz));
  return {
    itself: (user ?? NaN) + (system ?? NaN),
    children: (childUser ?? NaN) + (childSystem ?? NaN),
  };
}

/** Looks every 10 ms until something is so; when that was (`performance.now()`). */
export async function when(what: string, isSo: () => Promise<boolean>, ms = 120_000) {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(10)) {
    if (await isSo()) return performance.now();
  }
  throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
}
