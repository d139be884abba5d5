/**
 * Files that are written once: nothing that is there is ever changed.
 * @module
 */
import { dirname } from "node:path";

/** Writes `text` to `path` unless something is there, links included; returns whether it did. */
export async function writeNew(path: string, text: string, mode = 0o644): Promise<boolean> {
  const secret = (mode & 0o077) === 0;
  await Deno.mkdir(dirname(path), { recursive: true, mode: secret ? 0o700 : 0o755 });
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
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
