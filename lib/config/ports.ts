/**
 * Host port ranges as the config writes them.
 * @module
 */

/** Host ports from `from` up to and including `to`. */
export interface PortRange {
  from: number;
  to: number;
}

/**
 * Reads `"5005/5"`: 5005 up to and including 5010; `"1000/0"` is just 1000.
 * @throws {Error} whose message says what is wrong and what is expected.
 */
export function parsePortRange(text: string): PortRange {
  const [, first, extra] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
  if (first === undefined || extra === undefined) {
    throw new Error(
      `${
        JSON.stringify(text)
      } is no port range, expected "FIRST/EXTRA" such as "5005/5" (5005 to 5010)`,
    );
  }
  const range = { from: Number(first), to: Number(first) + Number(extra) };
  if (range.from < 1 || range.to > 65535) {
    throw new Error(
      `${
        JSON.stringify(text)
      } means ports ${range.from} to ${range.to}, expected all within 1 to 65535`,
    );
  }
  return range;
}

/** `5005-5010`, or `1000` for a range of one port. */
export function formatPortRange({ from, to }: PortRange): string {
  return from === to ? `${from}` : `${from}-${to}`;
}

/** `5005/5` for 5005 to 5010, as {@link parsePortRange} reads it. */
export function writePortRange({ from, to }: PortRange): string {
  return `${from}/${to - from}`;
}

/** Whether `port` lies in one of `ranges`. */
export function inRanges(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ from, to }) => from <= port && port <= to);
}

/** Whether two ranges share a port. */
export function overlaps(a: PortRange, b: PortRange): boolean {
  return a.from <= b.to && b.from <= a.to;
}
