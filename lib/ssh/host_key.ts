/**
 * The key pgod shows its clients: made once, kept for ever, readable by nobody else.
 * @module
 */
import { makeKeyPair } from "./key_pair.ts";
import { parseKey } from "./ssh2_parts.ts";

/** A new host key, OpenSSH format. */
export function makeHostKey(): string {
  return makeKeyPair("pgod").private;
}

/**
 * The private host key at `path`, made there if there is none.
 * @throws {Error} with one line when others may read it or it is no key: a changed host key locks every client out.
 */
export async function loadHostKey(path: string): Promise<string> {
  try {
    const made = makeHostKey();
    await Deno.writeTextFile(path, made, { createNew: true, mode: 0o600 });
    return made;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { mode, uid } = await Deno.lstat(path);
  if (uid !== Deno.uid()) {
    throw new Error(`${path} belongs to uid ${uid}: somebody else made it, remove it`);
  }
  if (((mode ?? 0) & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`);
  const text = await Deno.readTextFile(path);
  const key = parseKey(text);
  if (key instanceof Error || !key.isPrivateKey()) {
    throw new Error(`${path} is no private key: restore it, or remove it and tell your users`);
  }
  return text;
}
