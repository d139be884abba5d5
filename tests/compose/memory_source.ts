/**
 * A revision's files in memory.
 * @module
 */
import type { Source } from "../../lib/compose/source.ts";

/** A {@link Source} over path → content; `null` stands for a symlink. */
export function memorySource(files: Record<string, string | null>): Source {
  return {
    kind(path) {
      if (Object.hasOwn(files, path)) {
        return Promise.resolve(files[path] === null ? "symlink" : "file");
      }
      return Promise.resolve(
        path === "." || Object.keys(files).some((known) => known.startsWith(`${path}/`))
          ? "directory"
          : undefined,
      );
    },
    read: (path) => Promise.resolve(new TextEncoder().encode(files[path] ?? "")),
  };
}
