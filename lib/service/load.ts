/**
 * The config file together with the accounts it names, checked against this host.
 * @module
 */
import { type Config, ConfigError, NO_GLOBAL, parseConfig, type Report } from "../config/parse.ts";
import type { User, UserSwitch } from "../host/as_user.ts";
import type { Run } from "../host/process.ts";
import { secretTroubles } from "./secrets.ts";
import { type AdminKeys, NO_ADMINS, readAdminKeys } from "./admin_keys.ts";
import { type Account, findAccount, ownAccount } from "../host/users.ts";

/** A config that this host can serve. */
export interface Loaded {
  config: Config;
  /** Account of every user a service names; with `self`, the invoking user's for all. */
  users: Map<string, User>;
  admins: AdminKeys;
}

/**
 * Reads and checks the config at `path`. `lenient`: files of secrets are each service's own trouble, so that one
 * of them keeps no other from starting. @throws {ConfigError} with every problem, users included.
 */
export async function loadConfig(
  run: Run,
  path: string,
  how: UserSwitch,
  { lenient = false } = {},
): Promise<Loaded> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : explain(error as Error, path);
    throw new ConfigError([`${path}: ${why}`]);
  }
  return await checkConfig(run, text, path, how, { lenient });
}

/**
 * Checks the text of a config, whose `path` is for messages; user `coming` is about to be created.
 * @throws {ConfigError} with every problem, users included.
 */
export async function checkConfig(
  run: Run,
  text: string,
  path: string,
  how: UserSwitch,
  { coming, lenient = false }: { coming?: string; lenient?: boolean } = {},
): Promise<Loaded> {
  const draft = readAnyway(text, path);
  const names = new Set(
    draft.services.map(({ user }) => user).filter((name) => name !== "" && name !== coming),
  );
  const accounts = await findAccounts(run, [...names], how);
  let admins = NO_ADMINS;
  let adminTrouble = "";
  try {
    if (draft.global.adminKeys) admins = await readAdminKeys(draft.global.adminKeys);
  } catch (error) {
    adminTrouble = (error as Error).message;
  }
  const troubles = lenient ? [] : await secretTroubles(draft.services);
  const complain = ({ services }: Config, report: Report) => {
    if (adminTrouble) report(["global", "admin_keys"], adminTrouble);
    for (const { path, message } of troubles) report(path, message);
    services.forEach(({ user }, at) => {
      const problem = accounts.get(user)?.problem;
      if (problem) report(["services", at, "user"], problem);
    });
  };
  const config = parseConfig(text, path, complain);
  const users = [...accounts].flatMap(([name, { user }]): [string, User][] =>
    user ? [[name, user]] : []
  );
  return { config, users: new Map(users), admins };
}

/** What is left over when permissions are missing: the flag, in one line. */
function explain(error: Error, path: string): string {
  return error instanceof Deno.errors.NotCapable
    ? `pgod was not started with --allow-read=${path}`
    : `cannot be read: ${error.message.split("\n")[0]}`;
}

/** What a config says, also one that is wrong elsewhere. */
export function readAnyway(text: string, path: string): Pick<Config, "global" | "services"> {
  let draft: Pick<Config, "global" | "services"> = {
    global: NO_GLOBAL,
    services: [],
  };
  try {
    parseConfig(text, path, (config) => draft = config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
  return draft;
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
