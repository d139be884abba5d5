/**
 * Whether somebody answers behind the ports that a container publishes.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Run } from "./process.ts";

/** A TCP port of this host; `ip` is `""` for all addresses. */
interface Address {
  ip: string;
  port: number;
}

/** Ports of one container that are probed. */
const MOST = 64;
/** Milliseconds a connection may stay silent and counts as answered. */
const SILENCE = 1_000;

// Podman's port forwarder accepts connections with nothing behind it and closes them after a moment, so what
// counts is that it stays open or says something. All at once: one that hangs keeps no other waiting.
const PROBE = `answers() {
  exec 3<>"/dev/tcp/$1/$2" || return
  IFS= read -r -t "$silence" -N 1 -u 3 || [ "$?" -gt 128 ]
}
silence=$1; shift
for ((at = 0; $# > 1; at++)); do
  answers "$1" "$2" || echo "$at" &
  shift 2
done
wait`;

/** Which of a container's ports are probed: all, or 64 of them from the first to the last, evenly spread. */
export function probed<Port>(ports: readonly Port[]): Port[] {
  if (ports.length <= MOST) return [...ports];
  const step = (ports.length - 1) / (MOST - 1);
  const picked = new Set(Array.from({ length: MOST }, (_, at) => Math.round(at * step)));
  return ports.filter((_, at) => picked.has(at));
}

/** Those of `ports` at which nobody answers, asked by one process. */
export async function silentPorts<Port extends Address>(
  run: Run,
  user: User,
  ports: readonly Port[],
): Promise<Port[]> {
  if (ports.length === 0) return [];
  const words = ports.flatMap(({ ip, port }) => [reachable(ip), String(port)]);
  const { code, stdout } = await run({
    argv: ["bash", "-c", PROBE, "bash", String(SILENCE / 1000), ...words],
    user,
    deadline: SILENCE + 9_000,
    stderr: () => {},
  });
  if (code !== 0) return [...ports];
  const silent = new Set(stdout.split("\n").filter((line) => line !== "").map(Number));
  return ports.filter((_, at) => silent.has(at));
}

/** Where what listens at `ip` is reached from this host. */
function reachable(ip: string): string {
  return ip === "" || ip === "0.0.0.0" ? "127.0.0.1" : ip === "::" ? "::1" : ip;
}
