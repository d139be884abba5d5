/**
 * How long things take: medians of one run, each beside its floor in the same run.
 * @module
 */

/** One line of the table. */
export interface Row {
  /** What was measured. */
  what: string;
  /** A median unless `what` says otherwise, in `unit`. */
  value: number;
  unit: "ms" | "KB" | "MB" | "MB/s" | "calls" | "failed" | "overtaken";
  /** What it is compared with, in the same unit; undefined where the goal is absolute. */
  floor?: { what: string; value: number };
  /** In `unit`, or as a ratio to the floor. */
  goal?: ({ atMost: number } | { atLeast: number }) & { of: "value" | "ratio" };
}

/** The median time of `runs` calls, in milliseconds, after one that is not counted. */
export async function median(runs: number, call: () => unknown): Promise<number> {
  return percentile(await times(runs, { call }).then(({ call = [] }) => call), 50);
}

/** The times of `runs` rounds of calls that take turns, in milliseconds, after a round that is not counted. */
export async function times<Name extends string>(
  runs: number,
  calls: Record<Name, () => unknown>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(calls) as Name[];
  const all = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let run = -1; run < runs; run++) {
    for (const name of names) {
      const start = performance.now();
      await calls[name]();
      if (run >= 0) all[name]?.push(performance.now() - start);
    }
  }
  return all as Record<Name, number[]>;
}

/** The value below which `percent` of `values` lie. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * percent / 100))] ?? NaN;
}

/** Whether a row keeps to its goal; undefined where it has none. */
export function isMet({ value, floor, goal }: Row): boolean | undefined {
  if (!goal) return undefined;
  const measured = goal.of === "value" ? value : value / (floor?.value ?? NaN);
  return "atMost" in goal ? measured <= goal.atMost : measured >= goal.atLeast;
}

/** The rows as a table. */
export function formatRows(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, value, unit, floor, goal } = row;
    const shown = (number: number) =>
      `${
        Number.isInteger(number) ? number : number < 10 ? number.toFixed(2) : number.toFixed(1)
      } ${unit}`;
    return [
      what,
      shown(value),
      floor ? `${(value / floor.value).toFixed(2)} x ${floor.what} (${shown(floor.value)})` : "",
      goal ? formatGoal(goal, unit) : "",
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

function formatGoal(goal: NonNullable<Row["goal"]>, unit: Row["unit"]): string {
  const bound = "atMost" in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`;
  return `${bound} ${goal.of === "value" ? unit : "x"}`;
}
