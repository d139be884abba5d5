/**
 * Where one service keeps its files, all owned by its user: `<dir>/<service>/…`, closed to others.
 * @module
 */
import type { User, UserSwitch } from "./as_user.ts";
import { OutputError, type Run } from "./process.ts";
import { makeDirectory } from "./users.ts";

/** The paths of one service; all absolute. */
export interface ServiceDirectory {
  /** `<dir>/<service>`, mode 0700. */
  root: string;
  /** Bare clone of the repository. */
  mirror: string;
  /** The deployed (or newer, when nothing watched changed) revision's files; containers may mount these. */
  checkout: string;
  /** A candidate's files while it is built. */
  scratch: string;
  /** Build files and run files, by deployment. */
  deployments: string;
  /** Data that outlives checkouts; containers may mount it. */
  data: string;
  /** Logins of registries as Podman keeps them; there while the config has some. */
  registryAuth: string;
}

/** The paths of service `name` below `dir`. */
export function serviceDirectory(dir: string, name: string): ServiceDirectory {
  const root = `${dir}/${name}`;
  return {
    root,
    mirror: `${root}/mirror.git`,
    checkout: `${root}/checkout`,
    scratch: `${root}/scratch`,
    deployments: `${root}/deployments`,
    data: `${root}/data`,
    registryAuth: `${root}/auth.json`,
  };
}

/**
 * Makes what is missing of it. @throws {Error} when a directory is another user's: with a `--dir` that
 * several users may write (sudo), somebody may have made it first.
 */
export async function ensureServiceDirectory(
  run: Run,
  paths: ServiceDirectory,
  user: User,
  how: UserSwitch,
): Promise<void> {
  if (how === "runuser") await makeDirectory(run, paths.root, user);
  else await must(run, { argv: ["mkdir", "-p", "-m", "700", paths.root], user });
  const { stdout } = await must(run, { argv: ["stat", "-c", "%u %a", paths.root], user });
  if (stdout.trim() !== `${user.uid} 700`) {
    throw new Error(
      `${paths.root} is not closed or not "${user.name}"'s: chown ${user.name} and chmod 700 it`,
    );
  }
  await must(run, { argv: ["mkdir", "-p", "-m", "755", paths.checkout, paths.data], user });
  await must(run, { argv: ["mkdir", "-p", "-m", "700", paths.deployments], user });
}

/** Writes a file of `user`'s, readable by nobody else, in one step. */
export async function writePrivateFile(
  run: Run,
  user: User,
  path: string,
  text: string,
): Promise<void> {
  const script = 'umask 077; cat > "$1.new" && mv -f "$1.new" "$1"';
  await must(run, { argv: ["sh", "-c", script, "sh", path], user, stdin: text });
}

/**
 * Writes a file that containers mount: every user in them may read it, and nobody outside, since a directory
 * above it is closed.
 */
export async function writeMountedFile(
  run: Run,
  user: User,
  path: string,
  text: string,
): Promise<void> {
  const script = 'umask 022; mkdir -p "${1%/*}" && cat > "$1.new" && mv -f "$1.new" "$1"';
  await must(run, { argv: ["sh", "-c", script, "sh", path], user, stdin: text });
}

/** Absolute paths with every link in them resolved, as the user finds them; what is missing may be. */
export async function realPaths(run: Run, user: User, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const { stdout } = await must(run, { argv: ["realpath", "-m", "-z", "--", ...paths], user });
  return stdout.split("\0").slice(0, paths.length);
}

/**
 * Bytes of a file that is read at most: its user can write anything there, and pgod reads it for everybody. What a
 * deployment of 200 services needs is a fifth of it.
 */
export const FILE_LIMIT = 1024 * 1024;

/** A file that is larger than pgod reads; one line with its path. */
export class FileTooLarge extends Error {}

/** A file of `user`'s, or undefined when there is none. @throws {FileTooLarge} */
export async function readPrivateFile(
  run: Run,
  user: User,
  path: string,
): Promise<string | undefined> {
  try {
    const { code, stdout } = await run({ argv: ["cat", "--", path], user, limit: FILE_LIMIT });
    return code === 0 ? stdout : undefined;
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    throw new FileTooLarge(`${path} has more than ${FILE_LIMIT} bytes`);
  }
}

/** Whether `path` is gone; asks the user only where pgod itself may not look. */
export async function isMissing(run: Run, user: User, path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    return (await run({ argv: ["test", "-e", path], user })).code !== 0;
  }
}

/** Removes a directory below the service's own, whatever is in it. */
export async function removeTree(run: Run, user: User, path: string): Promise<void> {
  await must(run, { argv: ["rm", "-rf", "--", path], user });
}

/** Removes what PGO can make again of a service that its user gives up; data stays where there is any. */
export async function abandonDirectory(
  run: Run,
  paths: ServiceDirectory,
  user: User,
): Promise<void> {
  for (const path of [paths.mirror, paths.checkout, paths.scratch, paths.deployments]) {
    await removeTree(run, user, path);
    await removeTree(run, user, `${path}.index`);
  }
  await removeTree(run, user, `${paths.root}/gitconfig`);
  await removeTree(run, user, paths.registryAuth);
  await run({ argv: ["rm", "-d", "--", paths.data, paths.root], user });
}

/** Runs a command that has to succeed. @throws {Error} with its last line of stderr. */
export async function must(run: Run, command: Parameters<Run>[0]) {
  const outcome = await run(command);
  if (outcome.code !== 0) {
    const said = outcome.stderr.trim().split("\n").at(-1) || `exit code ${outcome.code}`;
    throw new Error(`${command.argv[0]} failed: ${said}`);
  }
  return outcome;
}
