/**
 * `from` of a key: which addresses it may come from, as OpenSSH matches them.
 * @module
 */
import { BlockList, isIP } from "node:net";

/** A pattern list. */
export interface From {
  /** As it was written. */
  text: string;
  /** Whether a client at this address may use the key; nothing but `!` patterns admits nobody. */
  admits(address: string): boolean;
}

/**
 * Reads `10.0.0.0/8,!10.0.0.5,2001:db8::/32,192.168.1.*`. Names of hosts are refused: nobody looks them up,
 * and what they answer is in the hand of whoever owns the address.
 * @throws {Error} with one clause naming the pattern.
 */
export function parseFrom(text: string): From {
  const patterns = text.split(",").map((pattern) => {
    const negated = pattern.startsWith("!");
    return { negated, matches: parsePattern(negated ? pattern.slice(1) : pattern) };
  });
  return {
    text,
    admits(address) {
      const plain = plainAddress(address);
      const hits = patterns.filter(({ matches }) => matches(plain));
      return hits.length > 0 && !hits.some(({ negated }) => negated);
    },
  };
}

/** An address without its zone, and IPv4 as such where it comes as IPv6. */
export function plainAddress(address: string): string {
  const bare = address.replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  return mapped ?? bare;
}

/** Address and port as people write them: `10.0.0.1:22`, `[::1]:22`. */
export function remoteName(address: string, port: number): string {
  const plain = plainAddress(address);
  return `${plain.includes(":") ? `[${plain}]` : plain}:${port}`;
}

function parsePattern(pattern: string): (address: string) => boolean {
  const refuse = (why: string) =>
    new Error(`${JSON.stringify(pattern.slice(0, 60))} in from="…" ${why}`);
  const [base = "", length, ...more] = pattern.split("/");
  const family = isIP(base);
  if (family === 0 || base.includes("%")) {
    if (!/^[0-9a-f.:*?]+$/i.test(pattern) || !/[*?]/.test(pattern)) {
      throw refuse("is no address, expected 10.0.0.1, 10.0.0.0/8, 2001:db8::/32 or 10.0.0.*");
    }
    return (address) => matchesGlob(pattern.toLowerCase(), address);
  }
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (more.length > 0 || !/^\d{1,3}$/.test(length ?? "0") || prefix > bits) {
    throw refuse(`has no prefix length from 0 to ${bits}`);
  }
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  if (prefix < bits && !isNetwork(base, prefix, type)) {
    throw refuse(`has bits set after the first ${prefix}, expected a network`);
  }
  list.addSubnet(base, prefix, type);
  return (address) => isIP(address) === family && list.check(address, type);
}

/** `*` and `?` as OpenSSH reads them, in steps that the lengths bound: the pattern is a stranger's. */
function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let mark = 0;
  for (let read = 0; read < text.length;) {
    if (pattern[at] === "*") {
      star = at++;
      mark = read;
    } else if (pattern[at] === "?" || pattern[at] === text[read]) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++mark;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** Whether an address has no bit set after its first `prefix`. */
function isNetwork(base: string, prefix: number, type: "ipv4" | "ipv6"): boolean {
  const bytes = type === "ipv4" ? base.split(".").map(Number) : v6Bytes(base);
  return bytes.every((byte, at) => {
    const kept = Math.min(8, Math.max(0, prefix - 8 * at));
    return (byte & (0xff >> kept)) === 0;
  });
}

/** The 16 bytes of an address that `isIP` has accepted. */
function v6Bytes(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? address.slice(0, dotted.index) +
      [[1, 2], [3, 4]].map(([a = 0, b = 0]) =>
        (Number(dotted[a]) * 256 + Number(dotted[b])).toString(16)
      ).join(":")
    : address;
  const [head = "", tail] = text.split("::");
  const words = (part: string) =>
    part === "" ? [] : part.split(":").map((word) => parseInt(word, 16));
  const first = words(head);
  const last = tail === undefined ? [] : words(tail);
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last].flatMap((word) => [word >> 8, word & 0xff]);
}
