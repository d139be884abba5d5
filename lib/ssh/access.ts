/**
 * Public keys as they stand in a repository's `ssh/`: pure text, no SSH library.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** A key that may operate a service. */
export interface AuthorizedKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, … */
  type: string;
  /** The key itself, base64 as in the file. */
  blob: string;
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  fingerprint: string;
  comment: string;
  /** Where it stands: `ssh/miek.pub`, line from 1. */
  file: string;
  line: number;
}

/** A line that is no usable key. */
export interface KeyProblem {
  line: number;
  message: string;
  /** A private key was published: somebody has to act at once. */
  loud: boolean;
}

const TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];
/** Bits an RSA key needs at least. */
const RSA_BITS = 2048;

/** Reads all lines of one key file; `file` is its path, for messages. */
export function parseKeyFile(
  file: string,
  text: string,
): { keys: AuthorizedKey[]; problems: KeyProblem[] } {
  const keys: AuthorizedKey[] = [];
  const problems: KeyProblem[] = [];
  const lines = text.split(/\r?\n/);
  const secret = lines.findIndex((line) =>
    /-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/.test(line)
  );
  if (secret >= 0) {
    const message =
      "this is a PRIVATE key: whoever can read the repository can use it. Remove it, and its public half too";
    return { keys, problems: [{ line: secret + 1, message, loud: true }] };
  }
  lines.forEach((raw, at) => {
    const text = raw.trim();
    if (text === "" || text.startsWith("#")) return;
    try {
      keys.push({ ...parseKeyLine(text), file, line: at + 1 });
    } catch (error) {
      problems.push({ line: at + 1, message: (error as Error).message, loud: false });
    }
  });
  return { keys, problems };
}

/** Reads `TYPE BASE64 [COMMENT]`. @throws {Error} with one clause saying why it is no usable key. */
export function parseKeyLine(text: string): Omit<AuthorizedKey, "file" | "line"> {
  const [type = "", blob = "", ...comment] = text.split(/\s+/);
  if (!TYPES.includes(type)) {
    const hint = TYPES.some((known) => text.includes(` ${known} `))
      ? "options before a key are not supported"
      : `expected one of ${TYPES.join(", ")}`;
    throw new Error(`${JSON.stringify(type.slice(0, 40))} is no key type, ${hint}`);
  }
  const bytes = Buffer.from(blob, "base64");
  const fields = readFields(bytes);
  if (bytes.toString("base64") !== blob || fields === undefined || fields[0]?.toString() !== type) {
    throw new Error(`the ${type} key is damaged, expected the line ssh-keygen wrote`);
  }
  const modulus = fields[2];
  const bits = modulus ? BigInt(`0x0${modulus.toString("hex")}`).toString(2).length : 0;
  if (type === "ssh-rsa" && bits < RSA_BITS) {
    throw new Error(`an RSA key of ${bits} bits is too weak, expected ${RSA_BITS}`);
  }
  return { type, blob, fingerprint: fingerprint(bytes), comment: comment.join(" ") };
}

/** `SHA256:…` of a key's bytes. */
export function fingerprint(bytes: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`;
}

/** The length-prefixed fields of a key; undefined when they do not fill it exactly. */
function readFields(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return at === bytes.length && fields.length >= 2 ? fields : undefined;
}
