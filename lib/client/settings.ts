/**
 * How to reach a host: the command line, then the environment, then ssh's config, then the defaults.
 * @module
 */
import { DEFAULT_PORT } from "../ssh/protocol.ts";
import { expandPath, parseDuration, parsePort, parseWord, type Tokens } from "./config_value.ts";
import { UsageError } from "./error.ts";
import { readPins } from "./host_pin.ts";
import { globFiles } from "./glob.ts";
import { givenKey } from "./identity.ts";
import type { Sources } from "./identities.ts";
import type { Options } from "./options.ts";
import type { HostKeys } from "./pinning.ts";
import type { Keyword, Said } from "./ssh_config.ts";

/** How to reach a host. */
export interface Settings {
  host: string;
  port: number;
  /** Where the port comes from, when it is neither `-p` nor the default: `FILE:LINE`. */
  portFrom: string | undefined;
  user: string;
  /** 0: whatever the name has. */
  family: 0 | 4 | 6;
  keys: Omit<Sources, "say">;
  hostKeys: HostKeys;
  /** Milliseconds to connect and log in; undefined: the default. */
  loginTimeout: number | undefined;
  /** Whether a passphrase may be asked for. */
  mayAsk: boolean;
}

/** pgoctl's surroundings. */
export interface Surroundings {
  env(name: string): string | undefined;
  /**
   * The text of a file; undefined where there is none. `owned`: refuses one that others may write.
   * @throws {Error}
   */
  read(path: string, owned: boolean): string | undefined;
}

const FAMILIES = { any: 0, inet: 4, inet6: 6 } as const;
const SYSTEM_CONFIG = "/etc/ssh/ssh_config";

/** Settles it. @throws {UsageError} for what is wrong in a file, with its place; {@link ClientError} for a key. */
export async function settle(
  options: Pick<Options, "target" | "port" | "identity" | "strict" | "knownHosts" | "config">,
  { env, read: readAny }: Surroundings,
): Promise<Settings> {
  const { target } = options;
  const home = env("HOME") ?? "";
  const localUser = env("USER") ?? env("LOGNAME") ?? "pgoctl";
  // As ssh: what the user named, and the system's own, are as they are.
  const read = (path: string) => readAny(path, ![options.config, SYSTEM_CONFIG].includes(path));
  const paths = options.config === undefined
    ? [`${home}/.ssh/config`, SYSTEM_CONFIG]
    : options.config === "none"
    ? []
    : [options.config];
  if (options.config && paths[0] && read(paths[0]) === undefined) {
    throw new UsageError(`-F ${paths[0]}: no such file`);
  }
  const subject = { host: target.host, user: target.user, localUser, home };
  const reading = { read, glob: globFiles };
  const said: Said = paths.some((path) => read(path) !== undefined)
    ? (await import("./ssh_config.ts")).readSshConfig(paths, subject, reading)
    : new Map();

  const get = <Value>(word: Keyword, parse: (text: string) => Value): Value | undefined => {
    const { words: [text] = [], where } = said.get(word) ?? {};
    return text === undefined ? undefined : at(where, word, () => parse(text));
  };
  for (const word of ["proxyjump", "proxycommand"] as const) refuseProxy(said, word);

  const host = (get("hostname", (text) => expandHostName(text, target.host)) ?? target.host)
    .toLowerCase();
  const port = options.port ?? get("port", parsePort) ?? DEFAULT_PORT;
  const user = target.user ?? get("user", String) ?? localUser;
  const alias = get("hostkeyalias", String);
  const tokens: Tokens = {
    home,
    percent: { h: host, n: target.host, p: `${port}`, r: user, u: localUser, d: home, j: "" },
    env,
  };
  tokens.percent["k"] = alias ?? target.host;
  const pathsOf = (word: Keyword) =>
    said.get(word)?.words.map((path) =>
      at(said.get(word)?.where, word, () => expandPath(path, tokens))
    );
  const agent = get("identityagent", (text) => {
    if (text === "none") return "";
    // As ssh: a variable that is not set means no agent.
    if (/^\$?SSH_AUTH_SOCK$/.test(text)) return env("SSH_AUTH_SOCK") ?? "";
    return text.startsWith("$") && !text.startsWith("${")
      ? expandPath(`\${${text.slice(1)}}`, tokens)
      : expandPath(text, tokens);
  }) ?? env("SSH_AUTH_SOCK");
  const files = pathsOf("identityfile");
  const given = givenKey(options.identity, env("PGOCTL_ID"));
  const strict = get(
    "stricthostkeychecking",
    (text) => parseWord(text, ["yes", "no", "ask", "off", "accept-new"]),
  );
  const pins = env("PGOCTL_HOST_KEY");
  const knownHosts = options.knownHosts
    ? [options.knownHosts]
    : pathsOf("userknownhostsfile")?.filter((path) => path !== "none");
  if (pins === undefined && !knownHosts && /^\/*$/.test(home)) {
    throw new UsageError(
      `HOME is ${home ? `"${home}"` : "not set"}: where host keys are kept is not known`,
      "set HOME, or say --known-hosts FILE, or which key is right in PGOCTL_HOST_KEY",
    );
  }
  return {
    host,
    port,
    portFrom: options.port === undefined ? said.get("port")?.where : undefined,
    user,
    family: get("addressfamily", (text) => FAMILIES[parseWord(text, ["any", "inet", "inet6"])]) ??
      0,
    keys: {
      ...given ? { given } : {},
      ...files ? {} : ownKey(home, target.service),
      files: (files ?? defaultKeys(home)).filter((path) => path !== "none"),
      ...agent ? { agent } : {},
      filesOnly: get("identitiesonly", (text) => parseWord(text, ["yes", "no"])) === "yes",
    },
    hostKeys: {
      name: alias ?? host,
      port: alias ? 22 : port,
      pins: pins === undefined ? undefined : readPins(pins),
      files: knownHosts ?? [`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`],
      globalFiles: options.knownHosts ? [] : pathsOf("globalknownhostsfile") ?? [
        "/etc/ssh/ssh_known_hosts",
        "/etc/ssh/ssh_known_hosts2",
      ],
      strict: options.strict
        ? "--strict"
        : strict === "yes" || strict === "ask"
        ? `StrictHostKeyChecking ${strict} (${said.get("stricthostkeychecking")?.where})`
        : undefined,
      hash: get("hashknownhosts", (text) => parseWord(text, ["yes", "no"])) === "yes",
    },
    loginTimeout: get(
      "connecttimeout",
      (text) => text === "none" ? undefined : parseDuration(text),
    ),
    mayAsk: get("batchmode", (text) => parseWord(text, ["yes", "no"])) !== "yes",
  };
}

function defaultKeys(home: string): string[] {
  return ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => `${home}/.ssh/${name}`);
}

/** The key that `pgoctl init` made for `service`. */
function ownKey(home: string, service: string): { own?: string } {
  return /^[a-z0-9-]+$/.test(service) ? { own: `${home}/.ssh/pgo_${service}` } : {};
}

function expandHostName(text: string, typed: string): string {
  return text.replace(/%(.?)/g, (token, letter) => {
    const value = { "%": "%", h: typed }[letter as string];
    if (value === undefined) throw new Error(`pgoctl does not know ${token} here`);
    return value;
  });
}

function refuseProxy(said: Said, word: "proxyjump" | "proxycommand"): void {
  const { words: [value] = [], where } = said.get(word) ?? {};
  if (value === undefined || value.toLowerCase() === "none") return;
  throw new UsageError(
    `${where}: pgoctl cannot go through ${word}`,
    "ssh -p 2222 HOST 'SERVICE//COMMAND' can; -F none leaves the config unread",
  );
}

function at<Value>(where: string | undefined, word: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`${where}: ${word}: ${(error as Error).message}`);
  }
}
