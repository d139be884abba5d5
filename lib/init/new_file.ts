/**
 * Files that are written once: nothing that is there is ever changed.
 * @module
 */
import { dirname } from "node:path";

/**
 * Writes `text` to `path` unless something is there, links included; returns whether it did. Directories are made
 * where pgoctl may. @throws {Error} in one line where it may not.
 */
export async function writeNew(path: string, text: string, mode = 0o644): Promise<boolean> {
  const folder = dirname(path);
  try {
    // It may be allowed to write this file, and nothing beside it.
    if (!await isThere(folder)) {
      await Deno.mkdir(folder, { recursive: true, mode: (mode & 0o077) === 0 ? 0o700 : 0o755 });
    }
    await Deno.writeTextFile(path, text, { createNew: true, mode });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    if (error instanceof Deno.errors.NotCapable) {
      const there = await isThere(folder);
      throw new Error(
        there ? `${path}: pgoctl may not write it` : `there is no directory ${folder}`,
      );
    }
    throw error;
  }
}

/** Whether something is at `path`, be it a link to nothing. */
export function isThere(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

/** Where `path` really is, or would be: links of what is there already are followed. */
export async function realPlace(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || dirname(path) === path) throw error;
    return `${await realPlace(dirname(path))}/`;
  }
}
