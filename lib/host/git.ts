/**
 * One service's Git: a bare mirror that nobody but PGO touches, and files written from it.
 * Everything runs as the service's user, without hooks, prompts or anybody's Git configuration.
 * @module
 */
import type { Repository } from "../config/repository.ts";
import type { SecretFiles } from "../config/secret_files.ts";
import type { User } from "./as_user.ts";
import { type Blob, parseBatch, parseTree, type TreeEntry } from "./git_objects.ts";
import { createRemote, lastLine, type Remote, RemoteError, SAFE } from "./git_remote.ts";
import type { Outcome, Run } from "./process.ts";
import { must, removeTree, type ServiceDirectory, writePrivateFile } from "./service_directory.ts";

/** Milliseconds one fetch may take. */
const FETCH_DEADLINE = 15 * 60_000;

/** Git of one service. Methods throw `Error` with one line; {@link RemoteError} where the remote is at fault. */
export interface Git {
  /** Makes what Git needs on disk. */
  prepare(): Promise<void>;
  /** What asks for the remote branch's revision, for whoever asks more in one go; {@link readTip} reads the answer. */
  asksTip(): ReturnType<Remote["command"]>;
  /** The revision in the answer. @throws {RemoteError} when there is none. */
  readTip(answer: Outcome): string;
  /** The remote branch's revision, by one `git ls-remote`. */
  remoteTip(signal?: AbortSignal): Promise<string>;
  /** Brings the branch into the mirror, making the mirror anew when it is missing or broken. */
  fetch(signal?: AbortSignal): Promise<void>;
  /** Makes the mirror anew beside the old one, which stays until that has worked. */
  clone(signal?: AbortSignal): Promise<void>;
  /** The branch's newest fetched revision; undefined before the first fetch or when the mirror is broken. */
  fetchedTip(): Promise<string | undefined>;
  /**
   * The revision that `name` is: a commit id, or a branch, tag or other ref of the remote. Fetches it where it
   * is not here yet; the branch that is followed stays. @throws {RemoteError} when there is none.
   */
  findRevision(name: string, signal?: AbortSignal): Promise<string>;
  /** Everything in a revision, by path. */
  tree(revision: string): Promise<Map<string, TreeEntry>>;
  /** Contents of the given blobs (object ids), by id. */
  blobs(ids: readonly string[]): Promise<Map<string, Blob>>;
  /** Makes `directory` hold the revision's files; what Git never tracked there stays. */
  materialize(revision: string, directory: string): Promise<void>;
  /** Keeps a revision's objects although no branch may hold them any more. */
  keep(name: string, revision: string): Promise<void>;
  /** Lets go of what was kept under these names. */
  release(names: readonly string[]): Promise<void>;
}

/** {@link Git} for the repository's `branch`, in `paths`, as `user`; `files` are read before each look at the remote. */
export function createGit(
  run: Run,
  user: User,
  paths: ServiceDirectory,
  repository: Repository,
  branch: string,
  files: SecretFiles = {},
): Git {
  const env = environment(paths);
  const ref = `refs/heads/${branch}`;
  const git = (args: string[], more: Partial<Parameters<Run>[0]> = {}) =>
    run({ ...more, argv: ["git", ...SAFE, ...args], user, env: { ...env, ...more.env } });
  const remote = createRemote(run, user, repository, files, env);
  const inMirror = (mirror: string, ...args: string[]) => [`--git-dir=${mirror}`, ...args];

  async function fetchInto(mirror: string, signal?: AbortSignal) {
    if ((await run({ argv: ["test", "-e", `${mirror}/HEAD`], user })).code !== 0) {
      await must(run, { argv: ["git", ...SAFE, "init", "--quiet", "--bare", mirror], user, env });
    }
    const refspec = `+${ref}:${ref}`;
    const flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
    return await remote.run(inMirror(mirror, "fetch", ...flags, "--", repository.url, refspec), {
      deadline: FETCH_DEADLINE,
      signal,
    });
  }

  async function fetchedTip() {
    const { code, stdout } = await git(
      inMirror(paths.mirror, "show", "-s", "--format=%H", ref, "--"),
    );
    return code === 0 ? stdout.trim() : undefined;
  }

  const tipArgs = ["ls-remote", "--exit-code", "--", repository.url, ref];

  function readTip(answer: Outcome) {
    const { code, stdout, stderr } = remote.checked(answer);
    if (code === 2) throw new RemoteError(`${repository.url} has no branch "${branch}"`);
    const [revision] = stdout.split("\t");
    if (code !== 0 || !revision) throw new RemoteError(`${repository.url}: ${lastLine(stderr)}`);
    return revision;
  }

  async function clone(signal?: AbortSignal) {
    const fresh = `${paths.mirror}.new`;
    await removeTree(run, user, fresh);
    const { code, stderr } = await fetchInto(fresh, signal);
    if (code !== 0) throw new RemoteError(`${repository.url}: ${lastLine(stderr)}`);
    await removeTree(run, user, paths.mirror);
    await must(run, { argv: ["mv", fresh, paths.mirror], user });
  }

  return {
    fetchedTip,
    clone,
    async prepare() {
      // Git refuses a local repository of another user's; the config naming it is the permission.
      const local = repository.url.replace(/^file:\/\/(localhost)?/, "");
      if (!local.startsWith("/")) return;
      const trusted = [local, `${local}/.git`].map((path) =>
        `\tdirectory = ${JSON.stringify(path)}\n`
      );
      await writePrivateFile(run, user, `${paths.root}/gitconfig`, `[safe]\n${trusted.join("")}`);
    },
    asksTip: () => remote.command(tipArgs),
    readTip,
    remoteTip: async (signal) => readTip(await remote.run(tipArgs, { signal })),
    async fetch(signal) {
      const { code } = await fetchInto(paths.mirror, signal);
      if (code !== 0 || !await fetchedTip()) await clone(signal);
    },
    async findRevision(name, signal) {
      const known = async (id: string) => {
        const { code, stdout } = await git(
          inMirror(
            paths.mirror,
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            `${id}^{commit}`,
          ),
        );
        return code === 0 ? stdout.trim() : undefined;
      };
      const isId = /^[0-9a-f]{7,40}$/.test(name);
      const here = isId ? await known(name) : undefined;
      if (here) return here;
      let id = isId && name.length === 40 ? name : undefined;
      if (!id && /^[\w][\w./+@-]*$/.test(name)) {
        const refs = [`refs/heads/${name}`, `refs/tags/${name}`, name];
        const { stdout } = await remote.run(["ls-remote", "--", repository.url, ...refs], {
          signal,
        });
        id = stdout.split("\t")[0] || undefined;
      }
      if (!id) throw new RemoteError(`${repository.url} has no revision ${JSON.stringify(name)}`);
      const flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
      const { stderr } = await remote.run(
        inMirror(paths.mirror, "fetch", ...flags, "--", repository.url, id),
        { deadline: FETCH_DEADLINE, signal },
      );
      const fetched = await known(id);
      if (!fetched) throw new RemoteError(`${repository.url}: ${lastLine(stderr)}`);
      return fetched;
    },
    async tree(revision) {
      const { stdout } = await must(run, {
        argv: [
          "git",
          ...SAFE,
          ...inMirror(paths.mirror, "ls-tree", "-r", "-l", "-z", "--full-tree", revision),
        ],
        user,
        env,
      });
      return parseTree(stdout);
    },
    async blobs(ids) {
      const chunks: Uint8Array[] = [];
      const { code, stderr } = await git(inMirror(paths.mirror, "cat-file", "--batch"), {
        stdin: ids.map((id) => `${id}\n`).join(""),
        stdout: (chunk) => void chunks.push(chunk),
      });
      if (code !== 0) throw new Error(`git cat-file failed: ${lastLine(stderr)}`);
      return parseBatch(chunks);
    },
    async materialize(revision, directory) {
      const index = `${directory}.index`;
      const write = () =>
        git(
          inMirror(
            paths.mirror,
            `--work-tree=${directory}`,
            "read-tree",
            "--reset",
            "-u",
            revision,
          ),
          {
            env: { GIT_INDEX_FILE: index },
            deadline: FETCH_DEADLINE,
          },
        );
      await must(run, { argv: ["mkdir", "-p", directory], user });
      if ((await write()).code === 0) return;
      await removeTree(run, user, index);
      const { code, stderr } = await write();
      if (code !== 0) {
        throw new Error(`${directory} cannot be brought to ${revision}: ${lastLine(stderr)}`);
      }
    },
    async keep(name, revision) {
      await git(inMirror(paths.mirror, "update-ref", `refs/pgo/${name}`, revision));
    },
    async release(names) {
      const stdin = names.map((name) => `delete refs/pgo/${name}\n`).join("");
      await git(inMirror(paths.mirror, "update-ref", "--stdin"), { stdin });
    },
  };
}

function environment(paths: ServiceDirectory): Record<string, string> {
  return {
    GIT_ALLOW_PROTOCOL: "file:git:http:https:ssh",
    GIT_CONFIG_GLOBAL: `${paths.root}/gitconfig`,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
}
