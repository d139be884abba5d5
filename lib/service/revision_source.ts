/**
 * The files of one revision as the compose resolver reads them: from committed objects, never from a
 * path that somebody could make a symlink.
 * @module
 */
import type { Source } from "../compose/source.ts";
import type { Git } from "../host/git.ts";
import type { TreeEntry } from "../host/git_objects.ts";

/** Bytes a file may have that PGO reads itself. */
const FILE_LIMIT = 1024 * 1024;

/** A {@link Source} over `tree`, the entries of one revision. */
export function revisionSource(git: Git, tree: ReadonlyMap<string, TreeEntry>): Source {
  return {
    kind(path) {
      const entry = tree.get(path);
      if (entry) return Promise.resolve(entry.kind === "submodule" ? "other" : entry.kind);
      const inside = path === "" || path === "." ? "" : `${path}/`;
      for (const known of tree.keys()) {
        if (known.startsWith(inside)) return Promise.resolve("directory");
      }
      return Promise.resolve(undefined);
    },
    async read(path) {
      const entry = tree.get(path);
      if (entry?.kind !== "file") throw new Error(`${path} is no regular file`);
      if (entry.size > FILE_LIMIT) throw new Error(`${path} is larger than ${FILE_LIMIT} bytes`);
      const content = (await git.blobs([entry.id])).get(entry.id);
      if (!content) throw new Error(`${path} could not be read`);
      return content;
    },
  };
}
