/**
 * How a command becomes another Unix user's: pure, so that tests can read the argv.
 * @module
 */

/** A Unix account of this host. */
export interface User {
  name: string;
  uid: number;
  gid: number;
  /** Home directory, absolute. */
  home: string;
}

/** `runuser` as root, `sudo` as somebody else, `self` where nobody is to be switched to. */
export type UserSwitch = "runuser" | "sudo" | "self";

/** What a service's children are found by. */
export const CHILD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where rootless Podman keeps what lives until the next boot. */
export function runtimeDirectory(user: Pick<User, "uid">): string {
  return `/run/user/${user.uid}`;
}

/**
 * argv and environment that run `argv` as `user`. The environment is complete: nothing of pgod's own
 * reaches a child. Values travel in it only, never in argv, where every user of the host could read them.
 * No `user` means pgod's own, with no home.
 */
export function asUser(
  argv: readonly string[],
  user: User | undefined,
  how: UserSwitch,
  extra: Record<string, string> = {},
  path: string = CHILD_PATH,
): { argv: string[]; env: Record<string, string> } {
  if (!user) return { argv: [...argv], env: { LANG: "C.UTF-8", PATH: path, ...extra } };
  const env: Record<string, string> = {
    HOME: user.home,
    LANG: "C.UTF-8",
    LOGNAME: user.name,
    PATH: path,
    USER: user.name,
    XDG_RUNTIME_DIR: runtimeDirectory(user),
    ...extra,
  };
  if (how === "self") return { argv: [...argv], env };
  if (how === "runuser") return { argv: ["runuser", "-u", user.name, "--", ...argv], env };
  // sudo starts from an environment of its own; it lets through what is named, if sudoers says SETENV.
  const keep = Object.keys(env).filter((name) =>
    !["HOME", "LOGNAME", "PATH", "USER"].includes(name)
  );
  return {
    argv: ["sudo", "-n", "-H", "-u", user.name, `--preserve-env=${keep.join(",")}`, "--", ...argv],
    env,
  };
}
