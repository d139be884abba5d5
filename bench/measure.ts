/**
 * How long things take: medians of one run, each beside its floor in the same run.
 * @module
 */

/** One line of the table. */
export interface Row {
  /** What was measured. */
  what: string;
  /** Milliseconds (median), or megabytes where `unit` says so. */
  value: number;
  unit: "ms" | "MB";
  /** What it is compared with, in the same unit; undefined where the goal is absolute. */
  floor?: { what: string; value: number };
  /** In `unit`, or as a ratio to the floor. */
  goal?: { atMost: number; of: "value" | "ratio" };
}

/** The median time of `runs` calls, in milliseconds, after one that is not counted. */
export async function median(runs: number, call: () => unknown): Promise<number> {
  await call();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? NaN;
}

/** Whether a row keeps to its goal; undefined where it has none. */
export function isMet({ value, floor, goal }: Row): boolean | undefined {
  if (!goal) return undefined;
  return (goal.of === "value" ? value : value / (floor?.value ?? NaN)) <= goal.atMost;
}

/** The rows as a table. */
export function formatRows(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, value, unit, floor, goal } = row;
    const shown = (number: number) =>
      `${number < 10 ? number.toFixed(2) : number.toFixed(1)} ${unit}`;
    return [
      what,
      shown(value),
      floor ? `${(value / floor.value).toFixed(2)} x ${floor.what} (${shown(floor.value)})` : "",
      goal ? `<= ${goal.atMost}${goal.of === "value" ? ` ${unit}` : " x"}` : "",
      { true: "met", false: "MISSED", undefined: "" }[String(isMet(row))] ?? "",
    ];
  });
  const head = ["what", "median", "beside", "goal", ""];
  const widths = head.map((_, at) =>
    Math.max(...[head, ...lines].map((line) => (line[at] ?? "").length))
  );
  return [head, ...lines].map((line) =>
    line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd()
  ).join("\n");
}
