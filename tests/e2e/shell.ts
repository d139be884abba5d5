/**
 * Programs as tests run them: by name, with their output in hand.
 * @module
 */
import { sleep } from "../../lib/host/clock.ts";

/** How a program ended. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export async function sh(
  argv: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): Promise<Result> {
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    env: { LANG: "C.UTF-8", ...options.env },
    cwd: "/",
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.stdin !== undefined) {
    void new Blob([options.stdin]).stream().pipeTo(child.stdin).catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs a program that has to succeed; returns what it printed. */
export async function ok(
  argv: readonly string[],
  options: Parameters<typeof sh>[1] = {},
): Promise<string> {
  const { code, stdout, stderr } = await sh(argv, options);
  if (code !== 0) throw new Error(`${argv.join(" ")} exited with ${code}: ${stderr}${stdout}`);
  return stdout.trim();
}

/** Runs a program as a user, with the environment rootless Podman needs. */
export async function as(user: string, argv: readonly string[]): Promise<Result> {
  const uid = await ok(["id", "-u", user]);
  return await sh(["runuser", "-u", user, "--", ...argv], {
    env: { HOME: `/home/${user}`, USER: user, XDG_RUNTIME_DIR: `/run/user/${uid}` },
  });
}

/** Waits until `probe` gives something; fails with `what` after `ms` milliseconds. */
export async function until<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false>,
  ms = 60_000,
): Promise<Value> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const value = await probe().catch(() => undefined);
    if (value) return value;
    await sleep(200);
  }
  throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
}

/** What a URL answers; `""` while nothing does. */
export async function get(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return await response.text();
  } catch {
    return "";
  }
}

/** Where Deno keeps its modules, for programs that get another HOME. */
export function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}
