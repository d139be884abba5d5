/**
 * The command lines of `pgod add` and `pgod remove`.
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { FlagError } from "./flags.ts";
import { parseRepository } from "./repository.ts";

/** What `pgod add` was asked to do. */
export interface AddFlags {
  command: "add";
  /** Absolute path. */
  config: string;
  dryRun: boolean;
  /** false: the service will run as the invoking user, and none has to exist. */
  root: boolean;
  createUser: boolean;
  /** How many ports to pick where `lists.ports` is empty. */
  portCount: number | undefined;
  /** Single values, by their key in the config; `repository` may be `-`, a line of stdin. */
  values: Partial<Record<typeof SINGLE[number], string>>;
  /** Lists, by their key in the config; an item of `urls` is `NAME` or `NAME=TARGET`. */
  lists: Record<keyof typeof LISTS, string[]>;
}

/** What `pgod remove` was asked to do. */
export type RemoveFlags =
  & Pick<AddFlags, "config" | "dryRun" | "root">
  & { command: "remove"; name: string };

const SINGLE = [
  "name",
  "user",
  "repository",
  "branch",
  "compose",
  "env_file",
  "git_credentials",
  "git_key",
  "git_known_hosts",
] as const;
/** Keys of the config that are lists, and the option that gives one item. */
const LISTS = {
  urls: "url",
  ports: "ports",
  profiles: "profile",
  mounts: "mount",
  networks: "network",
  volumes: "volume",
  secrets: "secret",
  allow: "allow",
} as const;
/** A key of the config as an option is written: `git-key`. */
type Dashed<Key extends string> = Key extends `${infer First}_${infer Rest}`
  ? `${First}-${Dashed<Rest>}`
  : Key;
/** The most ports that are picked. */
const PORT_COUNT = 1000;

const COMMON = {
  config: { type: "string", short: "c" },
  "dry-run": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  root: { type: "string", default: "true" },
} as const;

/** Reads what follows `pgod add`; undefined when help is wanted. @throws {FlagError} */
export function readAddFlags(argv: readonly string[]): AddFlags | undefined {
  const one = { type: "string" } as const;
  const many = { type: "string", multiple: true } as const;
  const { values, positionals } = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        ...COMMON,
        name: one,
        user: one,
        repository: one,
        branch: one,
        compose: one,
        "env-file": one,
        "git-credentials": one,
        "git-key": one,
        "git-known-hosts": one,
        url: many,
        ports: many,
        profile: many,
        mount: many,
        network: many,
        volume: many,
        secret: many,
        allow: many,
        "port-count": one,
        "create-user": { type: "boolean" },
      },
      allowPositionals: true,
      strict: true,
    })
  );
  if (values.help) return undefined;
  if (positionals[0] !== undefined) {
    throw new FlagError(
      `${JSON.stringify(positionals[0])} is no option of add, expected --name NAME and the like`,
    );
  }
  const count = values["port-count"];
  if (count !== undefined && (!/^\d{1,4}$/.test(count) || Number(count) > PORT_COUNT)) {
    throw new FlagError(`--port-count ${count}, expected a number from 0 to ${PORT_COUNT}`);
  }
  if (count !== undefined && values.ports) {
    throw new FlagError("--ports and --port-count, expected one of them");
  }
  if (holdsSecret(values.repository ?? "")) {
    // The message must not repeat it.
    throw new FlagError(
      "--repository holds a token, which every user of this host can read there: say --repository - and give it on stdin",
    );
  }
  const lists = Object.entries(LISTS).map(([key, option]) => [key, values[option] ?? []]);
  return {
    command: "add",
    ...common(values),
    createUser: values["create-user"] ?? false,
    portCount: count === undefined ? undefined : Number(count),
    values: Object.fromEntries(SINGLE.flatMap((key) => {
      const value = values[key.replaceAll("_", "-") as Dashed<typeof key>];
      return value === undefined ? [] : [[key, value]];
    })),
    lists: Object.fromEntries(lists),
  };
}

/** Reads what follows `pgod remove`; undefined when help is wanted. @throws {FlagError} */
export function readRemoveFlags(argv: readonly string[]): RemoveFlags | undefined {
  const { values, positionals: [name, more] } = parse(() =>
    parseArgs({ args: [...argv], options: COMMON, allowPositionals: true, strict: true })
  );
  if (values.help) return undefined;
  if (name === undefined || more !== undefined) {
    throw new FlagError("remove takes the name of one service, expected pgod remove NAME -c FILE");
  }
  return { command: "remove", ...common(values), name };
}

function holdsSecret(repository: string): boolean {
  try {
    return parseRepository(repository).credentials !== undefined;
  } catch {
    return false;
  }
}

function parse<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new FlagError((error as Error).message.split("\n")[0]);
  }
}

function common(values: { config?: string; "dry-run"?: boolean; root: string }) {
  if (!values.config) throw new FlagError("no config given, expected -c FILE");
  if (!["true", "false"].includes(values.root)) {
    throw new FlagError(`--root=${values.root}, expected true or false`);
  }
  return {
    config: resolve(values.config),
    dryRun: values["dry-run"] ?? false,
    root: values.root === "true",
  };
}
