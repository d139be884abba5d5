/**
 * Key pairs in OpenSSH's format.
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, parseKey } from "./ssh2_parts.ts";

/** A key pair: the text of the private half, and the public half as one line without its end. */
export interface KeyPair {
  private: string;
  public: string;
}

/**
 * A new Ed25519 pair. ssh2 drops a zero byte at the front of the public half, so that one key in 256 comes out
 * damaged: such a one is thrown away.
 */
export function makeKeyPair(comment: string): KeyPair {
  for (;;) {
    const made = generateKeyPairSync("ed25519", { comment });
    if (!(parseKey(made.private) instanceof Error)) {
      return { private: made.private, public: made.public };
    }
  }
}

/** The public line of a private key; undefined when `text` is none, or has a passphrase. */
export function publicHalf(text: string, comment: string): string | undefined {
  const key = parseKey(text);
  if (key instanceof Error || !key.isPrivateKey()) return undefined;
  return `${key.type} ${Buffer.from(key.getPublicSSH()).toString("base64")} ${comment}`;
}
