/**
 * What a campaign's findings mean.
 * @module
 */
import type { Findings } from "./campaign.ts";

/** Bytes the live objects may have grown by: caches, and not what connections left behind. */
const HEAP = 6 * 2 ** 20;
/** Bytes the process may have grown by. */
const RSS = 80 * 2 ** 20;

/** Lines for people, and whether all is well. */
export function verdict(
  { inputs, pings, before, after }: Findings,
): { lines: string[]; ok: boolean } {
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  const faults = [
    pings.failed > 0 && "honest clients were not served",
    after.sockets > before.sockets && "connections stayed open",
    after.children > before.children && "programs went on running",
    after.running > 0 && "commands went on",
    after.heap - before.heap > HEAP && "objects stayed in memory",
    after.rss - before.rss > RSS && "the process grew",
  ].filter((fault) => fault !== false);
  const total = Object.values(inputs).reduce((sum, count) => sum + count, 0);
  return {
    lines: [
      ...Object.entries(inputs).map(([name, count]) => `${name.padEnd(20)} ${count}`),
      `${"all".padEnd(20)} ${total}`,
      `honest clients: ${pings.served} served, ${pings.failed} not, slowest ${pings.slowest} ms`,
      `sockets ${before.sockets} -> ${after.sockets}, programs ${before.children} -> ${after.children}`,
      `objects ${megabytes(before.heap)} -> ${megabytes(after.heap)}, process ${
        megabytes(before.rss)
      } -> ${megabytes(after.rss)}`,
      ...faults.map((fault) => `FAULT: ${fault}`),
    ],
    ok: faults.length === 0,
  };
}
