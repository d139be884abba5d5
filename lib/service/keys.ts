/**
 * The keys of a service: every regular file in `ssh/` of a revision.
 * @module
 */
import { type AuthorizedKey, mergeKeys, parseKeyFile } from "../ssh/access.ts";
import type { Service } from "./service.ts";

/** Key files a service may have. */
const KEY_FILES = 300;
/** Bytes a key file may have. */
const KEY_FILE_LIMIT = 64 * 1024;

/** Reads them from committed objects; lines that are no keys are logged and skipped. */
export async function readKeys(
  { git, config: { name: service }, host: { log } }: Service,
  revision: string,
): Promise<AuthorizedKey[]> {
  const tree = await git.tree(revision);
  const files = [...tree].filter(([path, entry]) =>
    /^ssh\/[^/]+$/.test(path) && entry.kind === "file"
  );
  if (files.length > KEY_FILES) {
    log.error("keys.too_many", `more than ${KEY_FILES} files in ssh/, the others are skipped`, {
      service,
      revision,
    });
  }
  files.length = Math.min(files.length, KEY_FILES);
  const small = files.filter(([, entry]) => entry.size <= KEY_FILE_LIMIT);
  const blobs = await git.blobs([...new Set(small.map(([, { id }]) => id))]);
  const read: ReturnType<typeof parseKeyFile>[] = [];
  for (const [path, { id, size }] of files) {
    const blob = blobs.get(id);
    if (!blob) {
      log.warn("keys.skipped", `${path}: ${size} bytes are no key file, it is skipped`, {
        service,
        path,
        revision,
      });
      continue;
    }
    const found = parseKeyFile(path, new TextDecoder().decode(blob));
    read.push(found);
    for (const { line, message, loud } of found.problems) {
      const text = `${path}:${line}: ${message}`;
      if (loud) log.error("keys.dangerous", text, { service, path, revision });
      else log.warn("keys.skipped", text, { service, path, revision });
    }
  }
  const keys = mergeKeys(read);
  if (keys.length === 0) {
    log.warn("keys.none", `no public key in ssh/ of ${revision}: nobody can operate it`, {
      service,
      revision,
    });
  }
  return keys;
}
