/**
 * `pgod add`: a service put into the config, with ports nobody else has, and its user if that is wanted.
 * @module
 */
import type { AddFlags } from "../config/edit_flags.ts";
import { addService, type ServiceEntries } from "../config/edit.ts";
import { type Config, ConfigError, parseConfig } from "../config/parse.ts";
import { isSsh } from "../config/repository.ts";
import { formatPortRange, type PortRange, writePortRange } from "../config/ports.ts";
import type { UserSwitch } from "../host/as_user.ts";
import { createUser } from "../host/create_user.ts";
import type { Run } from "../host/process.ts";
import { readTextFile, replaceTextFile } from "../host/text_file.ts";
import { findAccount } from "../host/users.ts";
import { checkConfig, type Loaded } from "../service/load.ts";
import { complete, confirm, type Wish } from "./answers.ts";
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

/** What the host says of ports. */
export interface HostPorts {
  /** Picks `count` ports in a row that no service of `config` has and nothing listens on. */
  pick(count: number, config: Config): Promise<PortRange>;
  /** What will not work as things are, of the service at `index` of `config`. */
  warnings(loaded: Pick<Loaded, "config" | "users">, index: number): Promise<string[]>;
}

/** Adds a service. @throws {ConfigError | FlagError | Error} with what is wrong; the config is then unchanged. */
export async function add(flags: AddFlags, desk: Desk, host: HostPorts): Promise<void> {
  const { run, how, print } = desk;
  const { config: path, dryRun } = flags;
  const file = await readTextFile(path);
  const before = parseConfig(file.text, path);
  const wish = await complete(flags, desk.ask, readLine);
  await refuseRoot(run, wish.values.user);
  const range = wish.portCount ? await host.pick(wish.portCount, before) : undefined;
  const text = addService(file.text, path, entriesOf(wish, range));
  const { name, user } = wish.values;
  const creates = flags.createUser || wish.asked && await wantsUser(desk, user);
  const coming = creates ? user : undefined;
  const index = before.services.length;
  const loaded = await checkConfig(run, text, path, how, { coming }).catch(async (error) => {
    throw await inOwnWords(error, path, index, {
      "this host has no user": () => Promise.resolve("--create-user makes it"),
      "which rootless Podman needs": () => Promise.resolve("--create-user gives it one"),
      "overlaps ports of": () =>
        host.pick(sizeOf(wish.lists.ports), before).then(
          (free) => `free: ${writePortRange(free)}`,
          (error) => error.message,
        ),
    });
  });
  const ranges = loaded.config.services[index]?.ports ?? [];
  const ports = ranges.map(formatPortRange).join(", ") || "none";
  if (dryRun) {
    print(changes(file, text).trimEnd());
    if (coming) print(`# user ${user} would be created, or made ready for rootless containers`);
    return;
  }
  await replaceTextFile(file, text, async () => {
    if (!coming) return;
    for (const did of await createUser(run, user)) print(`user ${user}: ${did}`);
  });
  print(`${path}: service ${name} added, as user ${user}, ports ${ports}
Next:
- pgod has to read its config again: systemctl reload pgod, or SIGHUP
- its repository needs a compose file at the top and public keys in ssh/: the line at the end, run there, writes both`);
  if (!wish.values.git_key && isSsh(loaded.config.services[index]?.repository.url ?? "")) {
    print("- the repository is behind SSH: name a deploy key with git_key, or give its user one");
  }
  for (const warning of range ? [] : await host.warnings(loaded, index)) {
    print(`- warning: ${warning}`);
  }
  const neighbours = before.services.filter((other) => other.user === user).map(({ name }) => name);
  if (neighbours.length > 0) {
    print(
      `- note: ${
        neighbours.join(", ")
      } of user ${user} can reach its containers, users are the wall`,
    );
  }
  const publish = ranges[0] ? ` --publish ${ranges[0].from}:80` : "";
  print(`  pgoctl init HOST:${name}${publish}`);
}

/** A service as root is no service apart. @throws {ConfigError} */
async function refuseRoot(run: Run, user: string): Promise<void> {
  const { stdout } = await run({ argv: ["getent", "passwd", "--", user] });
  const uid = stdout.split("\n").map((line) => line.split(":")).find(([name]) => name === user)
    ?.[2];
  if (user !== "root" && uid !== "0") return;
  throw new ConfigError([`pgod add: user: "${user}" has uid 0, which is root's; expected another`]);
}

/** Whether a user that is not there is to be created, where somebody can say and it can be done. */
async function wantsUser({ run, how, ask }: Desk, user: string): Promise<boolean> {
  if (!ask || how !== "runuser" || (await findAccount(run, user)).user) return false;
  return await confirm(ask, `User ${user} cannot run containers here: create it, or make it ready`);
}

/** The block's keys, in the order of config.example.toml. */
function entriesOf(
  { values, lists, portCount }: Wish,
  range: PortRange | undefined,
): ServiceEntries {
  const { name, user, repository, branch, ...single } = values;
  const ports = range ? [writePortRange(range)] : lists.ports;
  const [first] = (ports[0] ?? "").split("/");
  const urls = lists.urls.map((url) => {
    const at = url.lastIndexOf("=");
    return at < 0 ? [url, `:${first}`] : [url.slice(0, at), url.slice(at + 1)];
  });
  const { urls: _urls, ports: _ports, ...more } = lists;
  return [
    ["name", name],
    ["user", user],
    ["repository", repository],
    ["branch", branch ?? "main"],
    ...(urls.length > 0 ? [["urls", Object.fromEntries(urls)] as const] : []),
    ...(ports.length > 0 || portCount === 0 ? [["ports", ports] as const] : []),
    ...Object.entries(single),
    ...Object.entries(more).filter(([, list]) => list.length > 0),
  ];
}

/** How many ports the longest of the ranges has that can be read. */
function sizeOf(ranges: readonly string[]): number {
  return Math.max(1, ...ranges.map((range) => Number(/^\d+\/(\d+)$/.exec(range)?.[1] ?? 0) + 1));
}

/** Problems of the new block by their key, since its lines are in no file yet, and what helps against some. */
async function inOwnWords(
  error: unknown,
  path: string,
  index: number,
  helps: Record<string, () => Promise<string>>,
): Promise<unknown> {
  if (!(error instanceof ConfigError)) return error;
  const start = `services[${index}]`;
  const lines = error.lines.map(async (line) => {
    const [, key, message = ""] = line.slice(path.length).match(/^:\d+:\d+: (\S+): (.*)$/) ?? [];
    if (!key?.startsWith(start)) return line;
    const help = Object.entries(helps).find(([part]) => message.includes(part))?.[1];
    const hint = help ? `; ${await help()}` : "";
    return `pgod add: ${key.slice(start.length + 1) || "service"}: ${message}${hint}`;
  });
  return new ConfigError(await Promise.all(lines));
}
