/**
 * The files of a directory as the compose resolver reads them, for `pgod judge`: links are seen, not followed.
 * @module
 */
import type { Source } from "../compose/source.ts";

/** Bytes a file may have that PGO reads itself. */
export const FILE_LIMIT = 1024 * 1024;

/** A {@link Source} over what lies below `root` now. */
export function directorySource(root: string): Source {
  const stat = async (path: string) => {
    try {
      return await Deno.lstat(`${root}/${path}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        return undefined;
      }
      // Too long a name, a directory that may not be searched: it cannot be told what is there.
      if (error instanceof Error) return undefined;
      throw error;
    }
  };
  return {
    async kind(path) {
      const found = await stat(path);
      if (!found) return undefined;
      if (found.isSymlink) return "symlink";
      return found.isFile ? "file" : found.isDirectory ? "directory" : "other";
    },
    async read(path) {
      const found = await stat(path);
      if (!found?.isFile) throw new Error(`${path} is no regular file`);
      if (found.size > FILE_LIMIT) throw new Error(`${path} is larger than ${FILE_LIMIT} bytes`);
      return await Deno.readFile(`${root}/${path}`);
    },
  };
}
