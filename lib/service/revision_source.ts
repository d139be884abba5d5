/**
 * The files of one revision as the compose resolver reads them: from committed objects, never from a
 * path that somebody could make a symlink.
 * @module
 */
import type { Source } from "../compose/source.ts";
import { FILE_LIMIT } from "./directory_source.ts";
import type { Git } from "../host/git.ts";
import type { TreeEntry } from "../host/git_objects.ts";

/** A {@link Source} over `tree`, the entries of one revision. */
export function revisionSource(git: Git, tree: ReadonlyMap<string, TreeEntry>): Source {
  const directories = new Set(["", "."]);
  for (const path of tree.keys()) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      directories.add(path.slice(0, at));
    }
  }
  return {
    kind(path) {
      const entry = tree.get(path);
      if (entry) return Promise.resolve(entry.kind === "submodule" ? "other" : entry.kind);
      return Promise.resolve(directories.has(path) ? "directory" : undefined);
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
