/**
 * pgod's command line.
 * @module
 */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { LOG_FORMATS, type LogFormat } from "../log_format.ts";
import { type Address, parseAddress } from "./address.ts";

/** What pgod was asked to do. */
export interface Flags {
  command: "serve" | "check" | "judge" | "permissions" | "ports" | "urls" | "help" | "version";
  /** What `permissions` is asked about. */
  of: "serve" | "check" | "judge" | "ports" | "urls";
  /** Absolute path; `""` only where `judge` was given none. */
  config: string;
  /** What `judge` looks at (an absolute path), for which service, and whether it tells it in JSON. */
  judge?: { directory: string; service: string | undefined; json: boolean };
  /** How many free ports in a row `ports` is asked for (undefined: the whole book), and whether it tells it in JSON. */
  ports?: { free: number | undefined; json: boolean };
  /** How `urls` prints names, and the addresses or the name of this host. */
  urls?: { format: UrlFormat; addresses: string[] };
  /** Absolute path. */
  dir: string;
  debug: boolean;
  logFormat: LogFormat;
  /** systemd's socket; undefined: nobody is told how pgod is. */
  notify: string | undefined;
  /** false: everything runs as the invoking user. */
  root: boolean;
  ssh: Address;
  /** Milliseconds between ticks. */
  interval: number;
  /** How many deployments go on at once. */
  deploys: number;
  /** Milliseconds that files of services stay which the config does not name any more. */
  keepStale: number;
}

/** How `pgod urls` prints names. */
export const URL_FORMATS = ["text", "json", "zone", "hosts"] as const;
export type UrlFormat = typeof URL_FORMATS[number];

const COMMANDS = ["add", "check", "judge", "permissions", "ports", "remove", "urls"];

/** Thrown for a command line that is wrong; one line. */
export class FlagError extends Error {}

/** Where pgod keeps everything unless told otherwise. */
export const DEFAULT_DIR = "/var/lib/pgo";

/** Reads pgod's arguments. @throws {FlagError} */
export function readFlags(argv: readonly string[]): Flags {
  let parsed;
  try {
    // The ancestor wrote --root=false, which parseArgs knows only for options that take a value.
    const args = argv.map((word) => word === "--root" ? "--root=true" : word);
    parsed = parseArgs({
      args,
      options: {
        address: { type: "string", multiple: true },
        config: { type: "string", short: "c" },
        debug: { type: "boolean", short: "d" },
        deploys: { type: "string", default: "2" },
        dir: { type: "string", default: DEFAULT_DIR },
        duration: { type: "string", short: "t", default: "5m" },
        format: { type: "string", default: "text" },
        free: { type: "string" },
        help: { type: "boolean", short: "h" },
        json: { type: "boolean" },
        "log-format": { type: "string", default: "human" },
        "keep-stale": { type: "string", default: "168h" },
        notify: { type: "string" },
        root: { type: "string", default: "true" },
        service: { type: "string" },
        ssh: { type: "string", short: "s", default: ":2222" },
        version: { type: "boolean", short: "v" },
      },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new FlagError((error as Error).message.split("\n")[0]);
  }
  const { values, positionals } = parsed;
  const [word = "serve"] = positionals;
  const [of = "serve", ...rest] = word === "permissions" ? positionals.slice(1) : positionals;
  if (word === "add" || word === "remove") {
    throw new FlagError(`${word} has to come first, expected pgod ${word} -c FILE …`);
  }
  if (of === "permissions") {
    throw new FlagError(
      "permissions has to come first, expected pgod permissions [COMMAND] -c FILE",
    );
  }
  const [target, ...more] = of === "judge" ? rest : [undefined, ...rest];
  if (of !== "serve" && !COMMANDS.includes(of) || more.length > 0) {
    throw new FlagError(
      `${JSON.stringify(more[0] ?? of)} is no command, expected ${COMMANDS.join(", ")} or none`,
    );
  }
  if (of === "judge" && target === undefined && !values.help) {
    throw new FlagError("judge needs a directory, expected pgod judge DIR");
  }
  if (!["true", "false"].includes(values.root)) {
    throw new FlagError(`--root=${values.root}, expected true or false`);
  }
  const command = values.help ? "help" : values.version ? "version" : word as Flags["command"];
  if (!values.config && of !== "judge" && !["help", "version"].includes(command)) {
    throw new FlagError("no config given, expected -c FILE");
  }
  return {
    command,
    of: of as Flags["of"],
    config: values.config ? resolve(values.config) : "",
    ...(target === undefined ? {} : {
      judge: { directory: resolve(target), service: values.service, json: values.json ?? false },
    }),
    ...(word !== "ports" ? {} : {
      ports: {
        free: values.free === undefined
          ? undefined
          : attempt(() => parseCount(values.free), "--free"),
        json: values.json ?? false,
      },
    }),
    ...(word !== "urls" ? {} : {
      urls: {
        format: attempt(() => urlFormat(values.json ? "json" : values.format), "--format"),
        addresses: values.address ?? [],
      },
    }),
    dir: resolve(values.dir),
    debug: values.debug ?? false,
    logFormat: attempt(() => parseLogFormat(values["log-format"]), "--log-format"),
    notify: values.notify || undefined,
    root: values.root === "true",
    ssh: attempt(() => parseAddress(values.ssh), "-s"),
    interval: attempt(() => parseDuration(values.duration), "-t"),
    deploys: attempt(() => parseCount(values.deploys), "--deploys"),
    keepStale: attempt(() => parseDuration(values["keep-stale"], 365 * 24), "--keep-stale"),
  };
}

function attempt<Value>(read: () => Value, flag: string): Value {
  try {
    return read();
  } catch (error) {
    throw new FlagError(`${flag}: ${(error as Error).message}`);
  }
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function urlFormat(text: string): UrlFormat {
  const found = URL_FORMATS.find((format) => format === text);
  if (!found) throw new Error(`${JSON.stringify(text)} is none of ${URL_FORMATS.join(", ")}`);
  return found;
}

function parseCount(text = ""): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) {
    throw new Error(`${JSON.stringify(text)} is no number from 1 to 999`);
  }
  return Number(text);
}

function parseLogFormat(text: string): LogFormat {
  const known = LOG_FORMATS.find((format) => format === text);
  if (known) return known;
  throw new Error(
    `${JSON.stringify(text)} is no format, expected one of ${LOG_FORMATS.join(", ")}`,
  );
}

/** Milliseconds of `5m`, `1h30m`, `7d`, at most `limit` hours. @throws {Error} saying what is expected. */
export function parseDuration(text: string, limit = 168): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  const total = parts.reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0),
    0,
  );
  const whole = parts.map(([part]) => part).join("") === text;
  if (!whole || total < 100 || total > limit * 3_600_000) {
    throw new Error(
      `${
        JSON.stringify(text)
      } is no duration, expected one such as "5m", at least 100ms, at most ${limit}h`,
    );
  }
  return total;
}
