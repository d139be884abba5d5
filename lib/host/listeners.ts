/**
 * Who listens on this host's ports.
 * @module
 */
import type { PortRange } from "../config/ports.ts";
import type { User } from "./as_user.ts";
import { sleep } from "./clock.ts";
import { lineReader } from "./lines.ts";
import type { Run } from "./process.ts";

/** A socket that listens. */
export interface Listener {
  port: number;
  protocol: "tcp" | "udp";
  /** Name of the program, and its process id; unknown where this user may not see it. */
  program?: string;
  pid?: number;
  uid: number;
}

/** Ranges that `ss` is asked for at most; of more it is asked for everything. */
const FILTERS = 100;

/**
 * Who listens, on these ports or anywhere, as `ss` shows it to whoever pgod runs as. One of a process, protocol and
 * port, however many sockets it has: any user of the host can open as many as they like, and nobody else loses by it.
 */
export async function listeners(run: Run, ports?: readonly PortRange[]): Promise<Listener[]> {
  if (ports?.length === 0) return [];
  const wanted = portSet(ports ?? [{ from: 0, to: LAST }]);
  const found = new Map<string, Listener>();
  const lines = lineReader((line) => {
    const one = parseListener(line);
    if (!one || !wanted[one.port]) return;
    found.set(`${one.port} ${one.protocol} ${one.uid} ${one.pid} ${one.program}`, one);
  });
  const filter = ports ? socketFilter(wanted) : [];
  const argv = ["ss", "-Hlntupe", ...filter] as const;
  const { code } = await run({ argv, stdout: lines.write, queued: true });
  lines.end();
  return code === 0 ? [...found.values()] : [];
}

/** The highest port there is. */
const LAST = 65535;

/** By port number: 1 for those in `ranges`. */
function portSet(ranges: readonly PortRange[]): Uint8Array {
  const set = new Uint8Array(LAST + 1);
  for (const { from, to } of ranges) set.fill(1, from, to + 1);
  return set;
}

/** What makes `ss` show these ports only; nothing where that would become too long. */
function socketFilter(wanted: Uint8Array): string[] {
  const terms: string[] = [];
  for (let from = wanted.indexOf(1); from >= 0;) {
    const end = wanted.indexOf(0, from);
    const to = end < 0 ? LAST : end - 1;
    terms.push(`( sport >= :${from} and sport <= :${to} )`);
    if (terms.length > FILTERS) return [];
    from = wanted.indexOf(1, to + 1);
  }
  return [terms.join(" or ")];
}

/** Reads a line of `ss -Hlntupe`; undefined where it is no listener's. */
export function parseListener(line: string): Listener | undefined {
  const [protocol, , , , local = ""] = line.trim().split(/\s+/, 5);
  const port = Number(/:(\d+)$/.exec(local)?.[1]);
  if ((protocol !== "tcp" && protocol !== "udp") || !port) return undefined;
  // A program's name is its own choice of 15 bytes, which may look like what follows it.
  const [, program, pid] = /users:\(\("(.{0,15})",pid=(\d+),fd=\d+\)/.exec(line) ?? [];
  const uid = Number(/(?: uid:(\d+))? ino:\d+ sk:/.exec(line)?.[1] ?? 0);
  return { port, protocol, uid, ...(pid ? { program, pid: Number(pid) } : {}) };
}

/**
 * Ends what an interrupted start left behind: a monitor, with its port forwarder, of a container that Podman does
 * not know. Returns whether there was such a one.
 */
export async function endOrphans(run: Run, user: User): Promise<boolean> {
  const argv = ["ps", "-u", String(user.uid), "-o", "pid=,args="] as const;
  const { stdout: processes } = await run({ argv, user });
  const { stdout: known, code } = await run({
    argv: ["podman", "ps", "-aq", "--no-trunc", "--external"],
    user,
  });
  if (code !== 0) return false;
  const containers = new Set(known.split("\n").map((line) => line.trim()));
  const orphans = processes.split("\n").flatMap((line) => {
    const [, pid, id] = /^\s*(\d+)\s+\S*conmon\s.*?-c\s+([0-9a-f]{64})\s/.exec(line) ?? [];
    return pid && id && !containers.has(id) ? [{ pid, id }] : [];
  });
  if (orphans.length === 0) return false;
  // The forwarder and the container's own process are told apart by the id in their environment or arguments.
  const ids = new Set(orphans.map(({ id }) => id));
  const helpers = processes.split("\n").flatMap((line) => {
    const [, pid] = /^\s*(\d+)\s/.exec(line) ?? [];
    return pid && line.match(/[0-9a-f]{64}/g)?.some((id) => ids.has(id)) ? [pid] : [];
  });
  const pids = [...new Set([...orphans.map(({ pid }) => pid), ...helpers])];
  await run({ argv: ["kill", "-s", "TERM", "--", ...pids], user });
  await sleep(1_000);
  await run({ argv: ["kill", "-s", "KILL", "--", ...pids], user });
  await sleep(200);
  return true;
}
