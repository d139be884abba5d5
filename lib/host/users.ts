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
  const { code, stdout } = await run({ argv: ["getent", "passwd", "--", name] });
  const [found, , uid, gid, , home] = stdout.trimEnd().split(":");
  // getent takes a number for a uid: only the name itself will do, and never an empty uid for 0.
  if (code !== 0 || found !== name || !uid || !gid || !home) return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** Looks `name` up and checks its subordinate id ranges. */
export async function findAccount(run: Run, name: string): Promise<Account> {
  const user = await findLogin(run, name);
  if (!user) {
    return {
      problem: `this host has no user ${JSON.stringify(name)}, expected one that exists (useradd)`,
    };
  }
  const { uid } = user;
  for (const file of ["/etc/subuid", "/etc/subgid"]) {
    const lines = (await Deno.readTextFile(file).catch(() => "")).split("\n");
    if (!lines.some((line) => line.startsWith(`${name}:`) || line.startsWith(`${uid}:`))) {
      const option = file.replace("/etc/sub", "--add-sub") + "s";
      return {
        problem:
          `user ${JSON.stringify(name)} has no range in ${file}, which rootless Podman needs ` +
          `(usermod ${option} FIRST-LAST ${name})`,
      };
    }
  }
  return { user };
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
