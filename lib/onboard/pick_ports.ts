/**
 * A range of host ports for a new service.
 * @module
 */
import type { Config } from "../config/parse.ts";
import { overlaps, type PortRange } from "../config/ports.ts";
import { listeners } from "../host/listeners.ts";
import type { Run } from "../host/process.ts";

/** Ports from here on are given; those below are for what everybody knows by number. */
const FIRST = 5000;
/** Clients' own ends of connections start here, and may take a port before its service does. */
const END = 32768;

/**
 * The lowest `count` ports in a row that no service of `config` has, nothing listens on, and a rootless user
 * may bind. @throws {Error} when there are none.
 */
export async function pickPorts(run: Run, count: number, { services }: Config): Promise<PortRange> {
  const path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  // cat reads it: Deno opens nothing below /proc without --allow-all.
  const { stdout } = await run({ argv: ["cat", path] });
  const busy = (await listeners(run)).map(({ port }) => ({ from: port, to: port }));
  const urls = services.flatMap(({ urls }) => urls.map(({ port }) => ({ from: port, to: port })));
  const taken = [...services.flatMap(({ ports }) => ports ?? []), ...urls, ...busy];
  const range = freeRange(count, Math.max(FIRST, Number(stdout) || 0), taken);
  if (range) return range;
  throw new Error(`no ${count} ports in a row are free below ${END}, expected --ports FIRST/EXTRA`);
}

/** The lowest range of `count` ports from `first` on, below {@link END}, that shares no port with `taken`. */
export function freeRange(
  count: number,
  first: number,
  taken: readonly PortRange[],
): PortRange | undefined {
  for (let from = first; from + count <= END;) {
    const range = { from, to: from + count - 1 };
    const blocking = taken.filter((other) => overlaps(other, range));
    if (blocking.length === 0) return range;
    from = Math.max(...blocking.map(({ to }) => to)) + 1;
  }
  return undefined;
}
