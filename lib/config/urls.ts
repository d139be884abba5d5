/**
 * What a service's `urls` say: which names and paths should reach which port. What is not in this grammar never
 * reaches a proxy's config.
 * @module
 */
import { canonicalHost, isLoopback } from "./loopback.ts";

/** One entry of `urls`. */
export interface Url {
  /** The name in lower case, without scheme: `pgo.science.ru.nl`, `*.example.org`. */
  name: string;
  /** The path that it and everything below it begins with: `/api`; `""`: all of the name. */
  path: string;
  /** Where it is forwarded to: a name or an address as {@link canonicalHost} has it; undefined: this host. */
  host: string | undefined;
  port: number;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const HOST = `${LABEL}(?:\\.${LABEL})*`;
const NAME = new RegExp(`^(?:\\*\\.)?${HOST}$`, "i");
// What needs no escape in a URL, in a Caddyfile, or in nginx's config.
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*$/;
const TARGET = new RegExp(`^(?:(${HOST})|\\[([0-9a-f:]*:[0-9a-f:.]*)\\])?:(\\d{1,5})$`, "i");
const LONGEST = 253;

/** Reads one entry such as `"pgo.science.ru.nl/api" = ":5007"`. @throws {Error} saying what is expected. */
export function parseUrl(key: string, target: string): Url {
  const slash = key.indexOf("/");
  const [name, path] = slash < 0 ? [key, ""] : [key.slice(0, slash), key.slice(slash)];
  if (name.length > LONGEST || !NAME.test(name)) {
    throw new Error(
      `${
        JSON.stringify(key)
      } is no DNS name, expected a name such as "www.example.org", "*.example.org" or "www.example.org/api" (no scheme, no port)`,
    );
  }
  if (path.length > LONGEST || !PATH.test(path)) {
    throw new Error(
      `${
        JSON.stringify(path)
      } is no path, expected one such as "/api" of letters, digits and "-._~" (no "/" at its end)`,
    );
  }
  const [, host, v6, digits] = TARGET.exec(target) ?? [];
  const port = Number(digits ?? 0);
  const given = host ?? v6;
  const canonical = given === undefined ? undefined : canonicalHost(given);
  const unreadable = given !== undefined && (given.length > LONGEST || canonical === undefined);
  if (port < 1 || port > 65535 || unreadable) {
    throw new Error(
      `${
        JSON.stringify(target)
      } is no port of this host, expected ":PORT" such as ":5007", or "HOST:PORT"`,
    );
  }
  return { name: name.toLowerCase(), path, host: canonical, port };
}

/** `pgo.science.ru.nl/api`. */
export function formatUrl({ name, path }: Pick<Url, "name" | "path">): string {
  return name + path;
}

/** Whether it leads to a port of this host, for all that its target says. */
export function isLocal({ host }: Pick<Url, "host">): boolean {
  return host === undefined || isLoopback(host);
}

/** Whether its target needs no name server: a port of this host, or an address. */
export function isAddress({ host }: Pick<Url, "host">): boolean {
  return host === undefined || isIpv4(host) || isIpv6(host);
}

/**
 * Whether two entries claim the same requests. Proxies differ in whether the case of a path counts, so it does not
 * here.
 */
export function isSameUrl(a: Pick<Url, "name" | "path">, b: Pick<Url, "name" | "path">): boolean {
  return a.name === b.name && a.path.toLowerCase() === b.path.toLowerCase();
}

/** Whether `text` is an IPv6 address, without brackets. */
export function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

/** Whether `text` is an IPv4 address. */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256);
}
