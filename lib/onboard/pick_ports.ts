/**
 * A range of host ports for a new service.
 * @module
 */
import type { Config } from "../config/parse.ts";
import type { PortRange } from "../config/ports.ts";
import { isLocal } from "../config/urls.ts";
import { listeners } from "../host/listeners.ts";
import type { Run } from "../host/process.ts";
import { firstUnprivilegedPort } from "../ports/survey.ts";

/** Ports from here on are given; those below are for what everybody knows by number. */
const FIRST = 5000;
/** Clients' own ends of connections start here, and may take a port before its service does. */
const END = 32768;

/**
 * The lowest `count` ports in a row that no service of `config` has, nothing listens on, and a rootless user
 * may bind. @throws {Error} when there are none.
 */
export async function pickPorts(run: Run, count: number, { services }: Config): Promise<PortRange> {
  const unprivileged = await firstUnprivilegedPort(run);
  const busy = (await listeners(run, [{ from: FIRST, to: END - 1 }])).map(({ port }) => ({
    from: port,
    to: port,
  }));
  const local = services.flatMap(({ urls }) => urls.filter(isLocal));
  const urls = local.map(({ port }) => ({ from: port, to: port }));
  const taken = [...services.flatMap(({ ports }) => ports ?? []), ...urls, ...busy];
  const range = freeRange(count, Math.max(FIRST, unprivileged), taken);
  if (range) return range;
  throw new Error(`no ${count} ports in a row are free below ${END}, expected --ports FIRST/EXTRA`);
}

/** The lowest range of `count` ports from `first` on, below {@link END}, that shares no port with `taken`. */
export function freeRange(
  count: number,
  first: number,
  taken: readonly PortRange[],
): PortRange | undefined {
  let from = first;
  for (const other of taken.toSorted((a, b) => a.from - b.from)) {
    if (other.from >= from + count) break;
    from = Math.max(from, other.to + 1);
  }
  return from + count <= END ? { from, to: from + count - 1 } : undefined;
}
