/**
 * `pgod add`: a service put into the config, with ports nobody else has, and its user if that is wanted.
 * @module
 */
import type { AddFlags } from "../config/edit_flags.ts";
import { addService, type ServiceEntries } from "../config/edit.ts";
import { type Config, ConfigError, parseConfig } from "../config/parse.ts";
import { formatPortRange, type PortRange } from "../config/ports.ts";
import type { UserSwitch } from "../host/as_user.ts";
import { createUser } from "../host/create_user.ts";
import type { Run } from "../host/process.ts";
import { readTextFile, replaceTextFile } from "../host/text_file.ts";
import { checkConfig } from "../service/load.ts";
import { complete, type Wish } from "./answers.ts";
import { changes } from "./changes.ts";
import { type Ask, readLine } from "./terminal.ts";

/** What `add` and `remove` work with. */
export interface Desk {
  run: Run;
  how: UserSwitch;
  /** Undefined where nobody can be asked. */
  ask: Ask | undefined;
  print(text: string): void;
}

/** Picks `count` ports in a row that no service of `config` has and nothing listens on. */
export type PickPorts = (count: number, config: Config) => Promise<PortRange>;

/** Adds a service. @throws {ConfigError | FlagError | Error} with what is wrong; the config is then unchanged. */
export async function add(flags: AddFlags, desk: Desk, pick: PickPorts): Promise<void> {
  const { run, how, print } = desk;
  const { config: path, dryRun } = flags;
  const file = await readTextFile(path);
  const before = parseConfig(file.text, path);
  const wish = await complete(flags, desk.ask, readLine);
  const range = wish.portCount ? await pick(wish.portCount, before) : undefined;
  const text = addService(file.text, path, entriesOf(wish, range));
  const { name, user } = wish.values;
  const coming = flags.createUser ? user : undefined;
  const index = before.services.length;
  const { config } = await checkConfig(run, text, path, how, { coming, lenient: true }).catch(
    (error) => {
      throw inOwnWords(error, path, index);
    },
  );
  const ports = config.services[index]?.ports?.map(formatPortRange).join(", ") || "none";
  if (dryRun) {
    print(changes(file, text).trimEnd());
    if (coming) print(`# user ${user} would be created, or made ready for rootless containers`);
    return;
  }
  if (coming) {
    for (const did of await createUser(run, user)) print(`user ${user}: ${did}`);
  }
  await replaceTextFile(file, text).catch((error) => {
    throw coming ? new Error(`${error.message} (user ${user} is ready)`) : error;
  });
  print(`${path}: service ${name} added, as user ${user}, ports ${ports}
Next:
- pgod has to read its config again: systemctl reload pgod, or SIGHUP
- its repository needs a compose file at the top and public keys in ssh/: "pgoctl init" there writes both`);
  const neighbours = before.services.filter((other) => other.user === user).map(({ name }) => name);
  if (neighbours.length > 0) {
    print(
      `- note: ${
        neighbours.join(", ")
      } of user ${user} can reach its containers, users are the wall`,
    );
  }
}

/** The block's keys, in the order of config.example.toml. */
function entriesOf(
  { values, lists, portCount }: Wish,
  range: PortRange | undefined,
): ServiceEntries {
  const { name, user, repository, branch, compose } = values;
  const ports = range ? [`${range.from}/${range.to - range.from}`] : lists.ports;
  const [first] = (ports[0] ?? "").split("/");
  const urls = lists.urls.map((url) => {
    const at = url.lastIndexOf("=");
    return at < 0 ? [url, `:${first}`] : [url.slice(0, at), url.slice(at + 1)];
  });
  const { profiles, mounts, networks, volumes, allow } = lists;
  const more = Object.entries({ profiles, mounts, networks, volumes, allow });
  return [
    ["name", name],
    ["user", user],
    ["repository", repository],
    ["branch", branch ?? "main"],
    ...(urls.length > 0 ? [["urls", Object.fromEntries(urls)] as const] : []),
    ...(ports.length > 0 || portCount === 0 ? [["ports", ports] as const] : []),
    ...(compose === undefined ? [] : [["compose", compose] as const]),
    ...more.filter(([, list]) => list.length > 0),
  ];
}

/** Problems of the new block by their key: its lines are in no file yet. */
function inOwnWords(error: unknown, path: string, index: number): unknown {
  if (!(error instanceof ConfigError)) return error;
  const start = `services[${index}]`;
  return new ConfigError(error.lines.map((line) => {
    const [, key, message = ""] = line.slice(path.length).match(/^:\d+:\d+: (\S+): (.*)$/) ?? [];
    if (!key?.startsWith(start)) return line;
    const hint = message.includes("this host has no user") ? "; --create-user makes it" : "";
    return `pgod add: ${key.slice(start.length + 1) || "service"}: ${message}${hint}`;
  }));
}
