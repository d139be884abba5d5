/**
 * The host's file of admins: keys that may see and operate every service.
 * @module
 */
import { startedWithout } from "../config/permissions.ts";
import { type AuthorizedKey, mergeKeys, parseKeyFile } from "../ssh/access.ts";

/** What the file says; `problems` are lines that are skipped: `file:line: why`. */
export interface AdminKeys {
  keys: AuthorizedKey[];
  problems: string[];
}

/** Nobody is admin. */
export const NO_ADMINS: AdminKeys = { keys: [], problems: [] };

/** Reads it. @throws {Error} with one clause where somebody else than root (or pgod) could have written it. */
export async function readAdminKeys(path: string): Promise<AdminKeys> {
  let info: Deno.FileInfo;
  let text: string;
  try {
    info = await Deno.lstat(path);
    if (!info.isFile) {
      throw new Error(`${path} is no regular file, expected a file with public keys`);
    }
    if (info.uid !== 0 && info.uid !== Deno.uid()) {
      throw new Error(`${path} belongs to uid ${info.uid}, expected root (chown root ${path})`);
    }
    if (((info.mode ?? 0) & 0o022) !== 0) {
      throw new Error(`${path} can be written by others than its owner (chmod go-w ${path})`);
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`${path}: there is no such file`);
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(startedWithout(`--allow-read=${path}`));
    }
    throw error;
  }
  const found = parseKeyFile(path, text);
  return {
    keys: mergeKeys([found]),
    problems: found.problems.map(({ line, message }) => `${path}:${line}: ${message}`),
  };
}
