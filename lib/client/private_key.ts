/**
 * Private keys from their text, with a passphrase or without: what of them is public, and signing.
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { repairKey } from "./key_repair.ts";
import { parseKey } from "./ssh2_parts.ts";

/** The public half of a key. */
export interface PublicKey {
  /** `ssh-ed25519`, … */
  type: string;
  /** As on the wire. */
  blob: Uint8Array;
}

/** A private key that can sign. */
export interface Signer extends PublicKey {
  /** `hash` is `sha256` or `sha512` for RSA. @throws {Error} when it cannot. */
  sign(data: Uint8Array, hash: string | undefined): Uint8Array;
}

/** What a key's text is. */
export type KeyText =
  | { is: "private"; key: Signer }
  | { is: "public"; key: PublicKey }
  /** `key` is undefined where even the public half cannot be read without the passphrase. */
  | { is: "locked"; key: PublicKey | undefined }
  | { is: "unusable"; why: string };

/** Reads the text of a key file. A wrong passphrase leaves it locked. */
export function readKeyText(text: string, passphrase?: string): KeyText {
  if (text.includes("BEGIN ENCRYPTED PRIVATE KEY")) {
    const why = "is encrypted in a way pgoctl cannot read: ssh-keygen -p -f FILE writes it anew";
    return { is: "unusable", why };
  }
  const key = parse(text, passphrase);
  if (key instanceof Error) {
    return /encrypted|passphrase|integrity|bad decrypt|malformed/i.test(key.message) &&
        isLocked(text)
      ? { is: "locked", key: publicHalf(text) }
      : { is: "unusable", why: "is no private key, expected an OpenSSH or PEM key file" };
  }
  const half = { type: key.type, blob: new Uint8Array(key.getPublicSSH()) };
  if (!key.isPrivateKey()) return { is: "public", key: half };
  const repaired = repairKey(key);
  const signer = repaired ? parse(repaired) : key;
  if (signer instanceof Error) return { is: "unusable", why: "is damaged" };
  const sign = (data: Uint8Array, hash: string | undefined) => {
    const signature: unknown = signer.sign(Buffer.from(data), hash);
    if (signature instanceof Uint8Array) return signature;
    throw signature instanceof Error ? signature : new Error("the key cannot sign");
  };
  return { is: "private", key: { ...half, sign } };
}

/** Parses what {@link PublicKey} says, as ssh2 wants it. */
export function parsePublic({ type, blob }: PublicKey): ssh2.ParsedKey | undefined {
  const key = parse(`${type} ${Buffer.from(blob).toString("base64")}`);
  return key instanceof Error ? undefined : key;
}

function parse(text: string, passphrase?: string): ssh2.ParsedKey | Error {
  // ssh2's own type leaves out that an OpenSSH file gives a list of one.
  const parsed: ssh2.ParsedKey | ssh2.ParsedKey[] | Error = parseKey(text, passphrase);
  return Array.isArray(parsed) ? parsed[0] ?? new Error("empty") : parsed;
}

const MAGIC = "openssh-key-v1\0";

function isLocked(text: string): boolean {
  const fields = opensshFields(text);
  return fields ? fields.cipher !== "none" : /^Proc-Type: 4,ENCRYPTED/m.test(text);
}

/** OpenSSH's format keeps the public half in the clear. */
function publicHalf(text: string): PublicKey | undefined {
  const blob = opensshFields(text)?.blob;
  if (!blob || blob.length < 4) return undefined;
  return { type: blob.subarray(4, 4 + blob.readUInt32BE(0)).toString(), blob };
}

/** @see https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.key */
function opensshFields(text: string): { cipher: string; blob: Buffer } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text)?.[1];
  const bytes = Buffer.from(body ?? "", "base64");
  if (bytes.subarray(0, MAGIC.length).toString("latin1") !== MAGIC) return undefined;
  let at = MAGIC.length;
  const field = () => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  const [cipher] = [field().toString(), field(), field()];
  at += 4;
  return { cipher, blob: field() };
}
