/**
 * The config file together with the accounts it names, checked against this host.
 * @module
 */
import { type Config, ConfigError, parseConfig, type Report } from "../config/parse.ts";
import type { User, UserSwitch } from "../host/as_user.ts";
import type { Run } from "../host/process.ts";
import { type Account, findAccount, ownAccount } from "../host/users.ts";

/** A config that this host can serve. */
export interface Loaded {
  config: Config;
  /** Account of every user a service names; with `self`, the invoking user's for all. */
  users: Map<string, User>;
}

/** Reads and checks the config at `path`. @throws {ConfigError} with every problem, users included. */
export async function loadConfig(run: Run, path: string, how: UserSwitch): Promise<Loaded> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : explain(error as Error, path);
    throw new ConfigError([`${path}: ${why}`]);
  }
  const accounts = await findAccounts(run, usersIn(text, path), how);
  const complain = ({ services }: Config, report: Report) =>
    services.forEach(({ user }, at) => {
      const problem = accounts.get(user)?.problem;
      if (problem) report(["services", at, "user"], problem);
    });
  const config = parseConfig(text, path, complain);
  const users = [...accounts].flatMap(([name, { user }]): [string, User][] =>
    user ? [[name, user]] : []
  );
  return { config, users: new Map(users) };
}

/** What is left over when permissions are missing: the flag, in one line. */
function explain(error: Error, path: string): string {
  return error instanceof Deno.errors.NotCapable
    ? `pgod was not started with --allow-read=${path}`
    : `cannot be read: ${error.message.split("\n")[0]}`;
}

/** The users a config names, also one that is wrong elsewhere. */
function usersIn(text: string, path: string): string[] {
  let names: string[] = [];
  try {
    parseConfig(text, path, ({ services }) => names = services.map(({ user }) => user));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  return [...new Set(names)].filter((name) => name !== "");
}

async function findAccounts(
  run: Run,
  names: string[],
  how: UserSwitch,
): Promise<Map<string, Account>> {
  if (how !== "self") {
    return new Map(
      await Promise.all(names.map(async (name) => [name, await findAccount(run, name)] as const)),
    );
  }
  const user = await ownAccount(run);
  return new Map(names.map((name) => [name, { user }]));
}
