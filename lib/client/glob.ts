/**
 * Which files an `Include` names.
 * @module
 */
import { matchesPattern } from "./config_line.ts";

/**
 * The paths that fit `pattern` (absolute; `*` and `?` within one name), sorted; names that begin with a dot
 * only where the pattern has it. Node's own glob wants the environment, and loads for long.
 * @throws {Error} for a bracket, which nobody needs here.
 */
export function globFiles(pattern: string): string[] {
  if (/[[\]{}]/.test(pattern)) throw new Error(`pgoctl does not read [ or { in ${pattern}`);
  let found = [""];
  for (const part of pattern.split("/").slice(1)) {
    found = /[*?]/.test(part)
      ? found.flatMap((folder) =>
        names(`${folder}/`).filter((name) =>
          matchesPattern(name, part) && (!name.startsWith(".") || part.startsWith("."))
        ).map((name) => `${folder}/${name}`)
      )
      : found.map((folder) => `${folder}/${part}`);
  }
  return found.sort();
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}
