/**
 * Options before a key, in the syntax of OpenSSH's authorized_keys. What PGO cannot honour refuses the key.
 * @module
 */
import { parseExpiry } from "./expiry.ts";
import { type From, parseFrom } from "./from.ts";

/** What a key may do, each role all of those before it. */
export const ROLES = ["read", "operate", "exec"] as const;

/** What a key may do: look; also change what runs; also run programs in containers. */
export type Role = typeof ROLES[number];

/** Whether a key of role `has` may do what needs `needs`. */
export function suffices(has: Role, needs: Role): boolean {
  return ROLES.indexOf(has) >= ROLES.indexOf(needs);
}

/** What the options of a key say. */
export interface KeyOptions {
  role: Role;
  /** Every one of these has to admit the client's address. */
  from: From[];
  /** Milliseconds since 1970 after which the key is worth nothing. */
  expires: number | undefined;
  /** Whether it may have a terminal. */
  pty: boolean;
}

/** A key without options. */
export const NO_OPTIONS: KeyOptions = { role: "operate", from: [], expires: undefined, pty: true };

/** What PGO never does for anybody: asking for it to be off is honoured. */
const ALWAYS_OFF = [
  "no-agent-forwarding",
  "no-port-forwarding",
  "no-user-rc",
  "no-x11-forwarding",
];

/** Length of the options at the start of a line: up to the first space or tab outside quotes. */
export function optionsLength(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line.startsWith('\\"', at)) at++;
    else if (line[at] === '"') quoted = !quoted;
    else if (!quoted && (line[at] === " " || line[at] === "\t")) return at;
  }
  return line.length;
}

/** Reads `pgo-role="read",from="10.0.0.0/8"`. @throws {Error} with one clause naming the option. */
export function parseKeyOptions(text: string): KeyOptions {
  const options: KeyOptions = { ...NO_OPTIONS };
  const seen = new Set<string>();
  for (const [name, value] of splitOptions(text)) {
    const once = () => {
      if (seen.has(name)) throw new Error(`the option ${name} is given twice`);
      seen.add(name);
    };
    if (value === undefined) {
      if (name === "restrict" || name === "no-pty") options.pty = false;
      else if (name === "pty") options.pty = true;
      else if (!ALWAYS_OFF.includes(name)) throw unknown(name);
    } else if (name === "pgo-role") {
      once();
      options.role = parseRole(value);
    } else if (name === "from") {
      once();
      options.from = [parseFrom(value)];
    } else if (name === "expiry-time") {
      options.expires = Math.min(options.expires ?? Infinity, parseExpiry(value));
    } else throw unknown(name);
  }
  return options;
}

function unknown(name: string): Error {
  return new Error(
    `the option ${JSON.stringify(name.slice(0, 40))} is none PGO can honour, ` +
      `expected pgo-role="…", from="…", expiry-time="…", restrict or no-pty`,
  );
}

function parseRole(value: string): Role {
  const role = ROLES.find((role) => role === value);
  if (!role) {
    throw new Error(
      `pgo-role=${JSON.stringify(value.slice(0, 40))} is no role, expected ${
        ROLES.map((role) => `"${role}"`).join(", ")
      }`,
    );
  }
  return role;
}

/** Names (in small letters) with their values; undefined for one without. */
function splitOptions(text: string): [name: string, value: string | undefined][] {
  const found: [string, string | undefined][] = [];
  const option = /([A-Za-z0-9@._-]+)(?:="((?:[^"\\]|\\"|\\)*)")?(,|$)/y;
  for (let at = 0; at < text.length; at = option.lastIndex) {
    option.lastIndex = at;
    const [, name, value, comma] = option.exec(text) ?? [];
    if (name === undefined || (comma === "," && option.lastIndex === text.length)) {
      throw new Error(
        'the options before the key cannot be read, expected NAME or NAME="VALUE", with commas and no spaces between',
      );
    }
    found.push([name.toLowerCase(), value?.replaceAll('\\"', '"')]);
  }
  return found;
}

/** The options that hold where several lines give the same key: all of them at once. */
export function strictest(a: KeyOptions, b: KeyOptions): KeyOptions {
  const expires = Math.min(a.expires ?? Infinity, b.expires ?? Infinity);
  return {
    role: suffices(a.role, b.role) ? b.role : a.role,
    from: [...a.from, ...b.from],
    expires: expires === Infinity ? undefined : expires,
    pty: a.pty && b.pty,
  };
}

/** Why a key is worth nothing to a client at `address` (without port) at `now`; undefined when it is. */
export function refusal(options: KeyOptions, address: string, now: number): string | undefined {
  const { expires, from } = options;
  if (expires !== undefined && now > expires) {
    return `expired ${new Date(expires).toISOString()}`;
  }
  return from.every((one) => one.admits(address)) ? undefined : "not from this address";
}
