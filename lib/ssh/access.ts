/**
 * Public keys as they stand in a repository's `ssh/`: pure text, no SSH library.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  type KeyOptions,
  NO_OPTIONS,
  optionsLength,
  parseKeyOptions,
  strictest,
} from "./key_options.ts";

export { type Role, suffices } from "./key_options.ts";

/** A key with what it may do. */
export interface AuthorizedKey extends KeyOptions {
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
  /** The key, base64, where only what stands before it is wrong: no other line may let it in. */
  blob?: string;
}

const TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];
const KEY_IN_LINE = new RegExp(`\\s(?:${TYPES.join("|")})\\s+([A-Za-z0-9+/=]+)`);
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
      const blob = error instanceof OptionError ? { blob: error.blob } : {};
      problems.push({ line: at + 1, message: (error as Error).message, loud: false, ...blob });
    }
  });
  return { keys, problems };
}

/** A line whose key is sound, but not what stands before it. */
class OptionError extends Error {
  constructor(message: string, readonly blob: string) {
    super(message);
  }
}

/** Reads `[OPTIONS] TYPE BASE64 [COMMENT]`. @throws {Error} with one clause saying why it is no usable key. */
export function parseKeyLine(text: string): Omit<AuthorizedKey, "file" | "line"> {
  const [first = ""] = text.split(/\s/, 1);
  const somewhere = KEY_IN_LINE.exec(text);
  if (TYPES.includes(first) || !somewhere) return { ...parseBareKey(text), ...NO_OPTIONS };
  const length = optionsLength(text);
  try {
    const options = parseKeyOptions(text.slice(0, length));
    return { ...parseBareKey(text.slice(length).trimStart()), ...options };
  } catch (error) {
    throw new OptionError((error as Error).message, somewhere[1] ?? "");
  }
}

/** Reads `TYPE BASE64 [COMMENT]`. */
function parseBareKey(text: string): Omit<AuthorizedKey, "file" | "line" | keyof KeyOptions> {
  const [type = "", blob = "", ...comment] = text.split(/\s+/);
  if (!TYPES.includes(type)) {
    throw new Error(
      `${JSON.stringify(type.slice(0, 40))} is no key type, expected one of ${TYPES.join(", ")}`,
    );
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

/**
 * The keys that several files give together. Where one stands on more than one line all of them hold at once:
 * the lowest role, every `from`, the earliest expiry; a line that is refused takes the key with it.
 */
export function mergeKeys(
  files: readonly ReturnType<typeof parseKeyFile>[],
): AuthorizedKey[] {
  const refused = new Set(files.flatMap(({ problems }) => problems.map(({ blob }) => blob)));
  const merged = new Map<string, AuthorizedKey>();
  for (const key of files.flatMap(({ keys }) => keys)) {
    const before = merged.get(key.blob);
    merged.set(key.blob, before ? { ...before, ...strictest(before, key) } : key);
  }
  return [...merged.values()].filter(({ blob }) => !refused.has(blob));
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
