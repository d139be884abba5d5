/**
 * Tables for people.
 * @module
 */
import { visible } from "./visible.ts";

/** Lines of `rows`, each column as wide as its widest cell; control characters are made visible. */
export function textTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(visible));
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join("  ").trimEnd()}\n`
  ).join("");
}
