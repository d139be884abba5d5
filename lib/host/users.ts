/**
 * Unix accounts: who they are, whether rootless Podman can work for them, and the directories they need.
 * @module
 */
import { runtimeDirectory, type User, type UserSwitch } from "./as_user.ts";
import type { Run } from "./process.ts";

/** What is known of a user name; `problem` is one clause saying what is missing and what to do. */
export type Account = { user: User; problem?: undefined } | { user?: undefined; problem: string };

/** The account of a name as the host knows it (files, LDAP, …); undefined where there is none. */
export async function findLogin(run: Run, name: string): Promise<User | undefined> {
  return (await findLogins(run, [name])).get(name);
}

/** Looks `name` up and checks its subordinate id ranges. */
export async function findAccount(run: Run, name: string): Promise<Account> {
  return (await findAccounts(run, [name])).get(name) ?? noSuchUser(name);
}

/** {@link findAccount} for many, each by its name, with one question to the host. */
export async function findAccounts(
  run: Run,
  names: readonly string[],
): Promise<Map<string, Account>> {
  const users = await findLogins(run, names);
  const ranges = await Promise.all(RANGES.map(async (file) => ({ file, of: await owners(file) })));
  return new Map(names.map((name): [string, Account] => {
    const user = users.get(name);
    if (!user) return [name, noSuchUser(name)];
    if (user.uid === 0) {
      const problem = `user ${JSON.stringify(name)} is root, expected one without rights (useradd)`;
      return [name, { problem }];
    }
    const missing = ranges.find(({ of }) => !of.has(name) && !of.has(String(user.uid)));
    if (!missing) return [name, { user }];
    const option = missing.file.replace("/etc/sub", "--add-sub") + "s";
    return [name, {
      problem:
        `user ${
          JSON.stringify(name)
        } has no range in ${missing.file}, which rootless Podman needs ` +
        `(usermod ${option} FIRST-LAST ${name})`,
    }];
  }));
}

async function findLogins(run: Run, names: readonly string[]): Promise<Map<string, User>> {
  const [first, ...others] = names;
  if (first === undefined) return new Map();
  const { stdout } = await run({ argv: ["getent", "passwd", "--", first, ...others] });
  const lines = stdout.split("\n").map((line) => line.split(":"));
  return new Map(names.flatMap((name): [string, User][] => {
    // getent takes a number for a uid: only the name itself will do, and never an empty uid for 0.
    const [, , uid, gid, , home] = lines.find(([found]) => found === name) ?? [];
    return uid && gid && home ? [[name, { name, uid: Number(uid), gid: Number(gid), home }]] : [];
  }));
}

/** Who has subordinate ids: names, or uids. */
const RANGES = ["/etc/subuid", "/etc/subgid"];

async function owners(file: string): Promise<Set<string>> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return new Set(text.split("\n").map((line) => line.slice(0, Math.max(line.indexOf(":"), 0))));
}

function noSuchUser(name: string): Account {
  return {
    problem: `this host has no user ${JSON.stringify(name)}, expected one that exists (useradd)`,
  };
}

/** The name of a user id; the id itself when it has none. */
export async function accountName(run: Run, uid: number): Promise<string> {
  const { stdout } = await run({ argv: ["getent", "passwd", String(uid)] });
  return stdout.split(":")[0] || String(uid);
}

/** The account pgod itself runs as. @throws {Error} when the host cannot say. */
export async function ownAccount(run: Run): Promise<User> {
  const id = String(Deno.uid());
  const { stdout } = await run({ argv: ["getent", "passwd", id] });
  const [name, , uid, gid, , home] = stdout.trimEnd().split(":");
  if (!name || !uid || !gid || !home) throw new Error(`uid ${id} has no entry in passwd`);
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/**
 * Makes the user's runtime directory where no login manager made it; only root can.
 * @throws {Error} saying what the admin has to do otherwise.
 */
export async function ensureRuntimeDirectory(run: Run, user: User, how: UserSwitch): Promise<void> {
  const path = runtimeDirectory(user);
  if ((await run({ argv: ["test", "-w", path], user })).code === 0) return;
  if (how !== "runuser") {
    throw new Error(
      `${path} of user "${user.name}" is missing: loginctl enable-linger ${user.name}`,
    );
  }
  await makeDirectory(run, path, user);
}

/** Makes `path` as root, owned by `user` and closed to everybody else. @throws {Error} when it cannot. */
export async function makeDirectory(run: Run, path: string, owner: User): Promise<void> {
  const argv = [
    "install",
    "-d",
    "-m",
    "700",
    "-o",
    owner.name,
    "-g",
    `${owner.gid}`,
    path,
  ] as const;
  const { code, stderr } = await run({ argv });
  if (code !== 0) throw new Error(`${path} cannot be made: ${stderr.trim()}`);
}

/**
 * What is wrong with the user's session on a host that systemd runs; undefined when nothing is, or nobody may look.
 * Without one Podman warns at each command, and no limit of a container holds.
 */
export async function sessionProblem(
  user: User,
  isThere: (path: string) => Promise<boolean> = exists,
): Promise<string | undefined> {
  const bus = `${runtimeDirectory(user)}/bus`;
  if (!await isThere("/run/systemd/system") || await isThere(bus)) return undefined;
  return `user "${user.name}" has no ${bus}: no limit of its containers will hold; apt-get install dbus-user-session, then loginctl enable-linger ${user.name}`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(
    () => true,
    (error) => !(error instanceof Deno.errors.NotFound),
  );
}
