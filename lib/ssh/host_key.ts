/**
 * The key pgod shows its clients: made once, kept for ever, readable by nobody else.
 * @module
 */
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";

/**
 * A new Ed25519 key, OpenSSH format. ssh2 drops a zero byte at the front of the public half, so that one key
 * in 256 comes out damaged: such a one is thrown away.
 */
export function makeHostKey(): string {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync("ed25519", { comment: "pgod" }).private;
    if (!(ssh2.utils.parseKey(made) instanceof Error)) return made;
  }
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
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error || !key.isPrivateKey()) {
    throw new Error(`${path} is no private key: restore it, or remove it and tell your users`);
  }
  return text;
}
