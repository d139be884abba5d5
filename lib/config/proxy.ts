/**
 * The keys of `[global]` that say which reverse proxy the `urls` are written for.
 * @module
 */
import * as v from "valibot";
import { parseDuration } from "./flags.ts";
import { absolutePath, listOf, parsed, text } from "./grammar.ts";

/** What every proxy needs. */
interface ProxyConfig {
  /** The file that pgod writes and the proxy reads; absolute. */
  file: string;
  /** Makes the proxy read its config again; a program and its arguments, no shell. */
  reload: [string, ...string[]];
  /** The Unix user that pgod runs the proxy's program as. */
  user: string;
}

/** `caddy_…`. */
export interface CaddyConfig extends ProxyConfig {
  kind: "caddy";
  /** `https`: Caddy gets certificates by itself; `http`: something before it ends TLS. */
  scheme: "https" | "http";
  /** Milliseconds a client waits for a service that does not answer; 0: not at all. */
  wait: number;
}

/** `nginx_…`. */
export interface NginxConfig extends ProxyConfig {
  kind: "nginx";
  /** Tells whether the whole config is right. */
  test: [string, ...string[]];
  /** What follows `listen` in each server: `80`, `[::]:443 ssl`. */
  listen: string[];
}

const ADDRESS = /^(?:(?:\*|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):)?\d{1,5}(?: ssl)?(?: http2)?$/i;

const words = v.pipe(
  listOf(text("a word"), "words, a program and its arguments"),
  v.check(
    ([program = ""]) => /^(?:\/[\w.+/-]+|[\w.+][\w.+-]*)$/.test(program),
    'the first word is no program, expected a name or an absolute path such as "/usr/bin/caddy"',
  ),
  v.check(
    (list) => list.every((word) => !word.includes("\0")),
    "a word holds a NUL, expected text",
  ),
  v.transform(([program = "", ...rest]): [string, ...string[]] => [program, ...rest]),
);
const user = v.pipe(
  text("a Unix user"),
  v.regex(
    /^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}\$?$/,
    (issue) => `${issue.received} is no Unix user name, expected a name such as "caddy"`,
  ),
);
const listen = listOf(
  v.pipe(
    text('an address such as "80"'),
    v.regex(
      ADDRESS,
      (issue) => `${issue.received} is no address, expected one such as "80" or "[::]:443 ssl"`,
    ),
  ),
  "addresses",
);

/** The entries of `[global]` that are a proxy's. */
export const proxyEntries = {
  caddy_import: v.optional(absolutePath("/etc/caddy/pgo.caddy")),
  caddy_reload: v.optional(words),
  caddy_user: v.optional(user),
  caddy_scheme: v.optional(
    v.picklist(
      ["https", "http"],
      (issue) => `${issue.received} given, expected "https" or "http"`,
    ),
  ),
  caddy_try: v.optional(parsed('a duration such as "10s"', (text) => parseDuration(text, 1))),
  nginx_include: v.optional(absolutePath("/etc/nginx/conf.d/pgo.conf")),
  nginx_test: v.optional(words),
  nginx_reload: v.optional(words),
  nginx_user: v.optional(user),
  nginx_listen: v.optional(listen),
};

/** Keys that mean nothing without the one they are listed under. */
export const NEEDS: Record<"caddy_import" | "nginx_include", (keyof typeof proxyEntries)[]> = {
  caddy_import: ["caddy_reload", "caddy_user", "caddy_scheme", "caddy_try"],
  nginx_include: ["nginx_test", "nginx_reload", "nginx_user", "nginx_listen"],
};

const table = v.object(proxyEntries);

/** The proxies that a `[global]` table names, with their defaults. */
export function proxiesOf(
  global: v.InferOutput<typeof table>,
): { caddy: CaddyConfig | undefined; nginx: NginxConfig | undefined } {
  const { caddy_import, nginx_include } = global;
  return {
    caddy: caddy_import === undefined ? undefined : {
      kind: "caddy",
      file: caddy_import,
      reload: global.caddy_reload ?? ["caddy", "reload", "--config", "/etc/caddy/Caddyfile"],
      user: global.caddy_user ?? "caddy",
      scheme: global.caddy_scheme ?? "https",
      wait: global.caddy_try ?? 0,
    },
    nginx: nginx_include === undefined ? undefined : {
      kind: "nginx",
      file: nginx_include,
      test: global.nginx_test ?? ["nginx", "-t", "-q"],
      reload: global.nginx_reload ?? ["nginx", "-s", "reload"],
      user: global.nginx_user ?? "root",
      listen: global.nginx_listen ?? ["80", "[::]:80"],
    },
  };
}
