/**
 * Private keys as Deno can sign with them, where ssh2 hands on what it refuses.
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";

/** What of a parsed private key matters here; `ssh2`'s keys are such. */
export interface PrivateKey {
  /** `ecdsa-sha2-nistp256`, … */
  type: string;
  getPrivatePEM(): string;
  getPublicSSH(): Uint8Array;
}

/** Bytes of a coordinate, by type. P-521 needs no repair: its numbers never begin with a set bit. */
const SIZES: Record<string, [size: number, curve: string]> = {
  "ecdsa-sha2-nistp256": [32, "P-256"],
  "ecdsa-sha2-nistp384": [48, "P-384"],
};

/** The PEM text of a key as Deno takes it; undefined for a key that is fine as it is. */
export function repairKey(key: PrivateKey): string | undefined {
  if (key.type === "ssh-rsa") return cutPadding(key.getPrivatePEM());
  return repairEcdsa(key);
}

/** ssh2 leaves the cipher's padding at the end of a PEM key that was encrypted. */
function cutPadding(pem: string): string | undefined {
  const der = derOf(pem);
  const size = der[1] ?? 0;
  const length = size & 0x80 ? 2 + (size & 0x7f) + der.readUIntBE(2, size & 0x7f) : 2 + size;
  if (length >= der.length) return undefined;
  const body = der.subarray(0, length).toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----\n`;
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----.*-----|\s/g, ""), "base64");
}

/**
 * OpenSSH's files hold the secret as a signed number, one byte longer for every second key. ssh2 hands that
 * on, and Deno refuses to sign.
 */
function repairEcdsa(key: PrivateKey): string | undefined {
  const [size, crv] = SIZES[key.type] ?? [];
  if (!size || !crv) return undefined;
  const der = derOf(key.getPrivatePEM());
  // The version, 1, and the tag and length of the octet string that holds the secret.
  const at = der.indexOf(Buffer.from([0x02, 0x01, 0x01, 0x04])) + 4;
  const secret = der.subarray(at + 1, at + 1 + (der[at] ?? 0));
  const point = Buffer.from(key.getPublicSSH()).subarray(-2 * size);
  const d = Buffer.concat([Buffer.alloc(size), secret]).subarray(-size);
  const jwk = {
    kty: "EC",
    crv,
    x: point.subarray(0, size).toString("base64url"),
    y: point.subarray(size).toString("base64url"),
    d: d.toString("base64url"),
  };
  return String(
    createPrivateKey({ format: "jwk", key: jwk }).export({ type: "sec1", format: "pem" }),
  );
}
