/**
 * The config file together with the accounts it names, checked against this host.
 * @module
 */
import { startedWithout } from "../config/permissions.ts";
import { type Config, ConfigError, draftConfig, NO_GLOBAL } from "../config/parse.ts";
import type { User, UserSwitch } from "../host/as_user.ts";
import type { Run } from "../host/process.ts";
import { secretTroubles } from "./secrets.ts";
import { type AdminKeys, NO_ADMINS, readAdminKeys } from "./admin_keys.ts";
import { type Account, findAccounts, ownAccount } from "../host/users.ts";

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
  const draft = draftConfig(text, path);
  const { global, services } = draft.config;
  const names = new Set(
    services.map(({ user }) => user).filter((name) => name !== "" && name !== coming),
  );
  const accounts = await accountsOf(run, [...names], how);
  let admins = NO_ADMINS;
  let adminTrouble = "";
  try {
    if (global.adminKeys) admins = await readAdminKeys(global.adminKeys);
  } catch (error) {
    adminTrouble = (error as Error).message;
  }
  const troubles = lenient ? [] : await secretTroubles(services);
  if (adminTrouble) draft.report(["global", "admin_keys"], adminTrouble);
  for (const { path, message } of troubles) draft.report(path, message);
  services.forEach(({ user }, at) => {
    const problem = accounts.get(user)?.problem;
    if (problem) draft.report(["services", at, "user"], problem);
  });
  const config = draft.finish();
  const users = [...accounts].flatMap(([name, { user }]): [string, User][] =>
    user ? [[name, user]] : []
  );
  return { config, users: new Map(users), admins };
}

/** What is left over when permissions are missing: the flag, in one line. */
function explain(error: Error, path: string): string {
  return error instanceof Deno.errors.NotCapable
    ? startedWithout(`--allow-read=${path}`)
    : `cannot be read: ${error.message.split("\n")[0]}`;
}

/** What a config says, also one that is wrong elsewhere. */
export function readAnyway(text: string, path: string): Pick<Config, "global" | "services"> {
  try {
    return draftConfig(text, path).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { global: NO_GLOBAL, services: [] };
  }
}

async function accountsOf(
  run: Run,
  names: string[],
  how: UserSwitch,
): Promise<Map<string, Account>> {
  if (how !== "self") return await findAccounts(run, names);
  const user = await ownAccount(run);
  return new Map(names.map((name) => [name, { user }]));
}
