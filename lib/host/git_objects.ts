/**
 * What `git ls-tree` and `git cat-file` print, read.
 * @module
 */

/** One path of a revision. */
export interface TreeEntry {
  kind: "file" | "symlink" | "submodule";
  /** Object id of its content. */
  id: string;
  /** Bytes. */
  size: number;
}

/** Content of a file. */
export type Blob = Uint8Array;

/** Reads `git ls-tree -r -l -z`: path → entry. */
export function parseTree(text: string): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>();
  for (const line of text.split("\0")) {
    const [, mode, id = "", size, path] = /^(\d+) \w+ (\w+) +(\d+|-)\t([^]+)$/.exec(line) ?? [];
    if (!path) continue;
    const kind = mode === "120000" ? "symlink" : mode === "160000" ? "submodule" : "file";
    entries.set(path, { kind, id, size: Number(size) || 0 });
  }
  return entries;
}

/** Reads `git cat-file --batch`: object id → content. @throws {Error} when an object is missing or cut short. */
export function parseBatch(chunks: readonly Uint8Array[]): Map<string, Blob> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  const blobs = new Map<string, Blob>();
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(10, at);
    const header = new TextDecoder().decode(bytes.subarray(at, newline));
    const [id = "", type, size] = header.split(" ");
    if (newline < 0 || type !== "blob") throw new Error(`git has no file for ${header}`);
    const start = newline + 1;
    const end = start + Number(size);
    if (end >= bytes.length) throw new Error(`git cut ${id} short`);
    blobs.set(id, bytes.slice(start, end));
    at = end + 1;
  }
  return blobs;
}
