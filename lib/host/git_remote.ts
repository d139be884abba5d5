/**
 * How one service's Git gets at its remote: credentials and keys reach it by environment and stdin only.
 * @module
 */
import { parseCredentials, type Repository } from "../config/repository.ts";
import type { SecretFiles } from "../config/secret_files.ts";
import type { User } from "./as_user.ts";
import type { Command, Outcome, Run } from "./process.ts";
import { readSecretFile, SecretFileError } from "./secret_file.ts";

/** The remote could not be asked or has no such branch; nothing local was changed. */
export class RemoteError extends Error {}

/** What every Git command is started with: nothing that a repository brings along is run. */
export const SAFE = [
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "protocol.ext.allow=never",
  "-c",
  "gc.autoDetach=false",
];

/** Git commands that ask the remote: only these are given what opens it. */
export interface Remote {
  /** What asks it, for whoever runs it. @throws {RemoteError} when what opens the remote cannot be read. */
  command(args: readonly string[]): Promise<Pick<Command, "argv" | "env" | "stdin">>;
  /** The outcome of that command. @throws {RemoteError} when the key was none. */
  checked(outcome: Outcome): Outcome;
  /** Runs it. @throws {RemoteError} as both. */
  run(args: readonly string[], more: Pick<Command, "deadline" | "signal">): Promise<Outcome>;
}

/** The remote of one service; `env` is what all of its Git has. */
export function createRemote(
  run: Run,
  user: User,
  repository: Repository,
  files: SecretFiles,
  env: Readonly<Record<string, string>>,
): Remote {
  const remote: Remote = {
    async command(args) {
      const { prefix, stdin, env: own } = await gitAccess(repository, files).catch((error) => {
        throw error instanceof SecretFileError ? new RemoteError(error.message) : error;
      });
      const [program = "git", ...rest] = [...prefix, "git", ...SAFE, ...args];
      return {
        argv: [program, ...rest],
        env: { ...env, ...own },
        ...(stdin === undefined ? {} : { stdin }),
      };
    },
    checked(outcome) {
      if (outcome.code !== KEY_REFUSED) return outcome;
      const said = outcome.stderr.trim().split("\n").at(-1);
      throw new RemoteError(`${files.gitKey} is no private key without a passphrase: ${said}`);
    },
    run: async (args, more) =>
      remote.checked(await run({ ...more, ...await remote.command(args), user })),
  };
  return remote;
}

/** What Git failed at, in one line of its stderr. */
export function lastLine(text: string): string {
  const lines = text.trim().split("\n");
  const found = lines.findIndex((line) => /^(fatal|error):/.test(line));
  // What ssh says comes before, and Git only says that it has ended.
  const ssh = lines[found - 1]?.trim();
  if (ssh && lines[found] === "fatal: Could not read from remote repository.") return ssh;
  return lines[found] ?? (lines.at(-1) || "no answer");
}

/** What a Git command that asks the remote is run with. */
export interface GitAccess {
  /** Words before `git`. */
  prefix: string[];
  env: Record<string, string>;
  stdin: string | undefined;
}

/** Exit code of a command whose key no agent took; Git has none like it. */
const KEY_REFUSED = 97;

// The agent is the user's, but nobody can read its memory; it lives as long as the one command. The key is on no disk
// that the user can read, and ssh asks the agent for signatures only.
const WITH_KEY =
  `ssh-add -q - || exit ${KEY_REFUSED}; "$@"; code=$?; ssh-agent -k >/dev/null; exit $code`;

/** Reads what a remote needs, anew each time: files change. @throws {SecretFileError} */
export async function gitAccess(
  repository: Repository,
  { gitCredentials, gitKey, gitKnownHosts }: SecretFiles,
): Promise<GitAccess> {
  const credentials = gitCredentials
    ? await readCredentials(gitCredentials)
    : repository.credentials;
  const key = gitKey && await readSecretFile(gitKey);
  if (key !== undefined && !/^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n/.test(key)) {
    throw new SecretFileError(`${gitKey}: it holds no private key`);
  }
  const hosts = gitKnownHosts && await readSecretFile(gitKnownHosts, { open: true });
  return {
    prefix: key === undefined ? [] : ["ssh-agent", "sh", "-c", WITH_KEY, "sh"],
    env: {
      GIT_SSH_COMMAND: sshCommand({ key: key !== undefined, hosts: hosts !== undefined }),
      ...(hosts === undefined ? {} : { PGO_KNOWN_HOSTS: hosts }),
      ...(credentials ? credentialVariables(repository.url, credentials) : {}),
    },
    // A key without a line break at its end is none to ssh-add.
    stdin: key === undefined ? undefined : key.replace(/\n*$/, "\n"),
  };
}

async function readCredentials(path: string) {
  const text = await readSecretFile(path);
  try {
    return parseCredentials(text);
  } catch (error) {
    throw new SecretFileError(`${path}: ${(error as Error).message}`);
  }
}

function sshCommand({ key, hosts }: { key: boolean; hosts: boolean }): string {
  const options = [
    "-oBatchMode=yes",
    "-oConnectTimeout=20",
    `-oStrictHostKeyChecking=${hosts ? "yes" : "accept-new"}`,
    // The user's own settings and keys stay out of it: they could hand the agent on.
    ...(key || hosts ? ["-F", "none"] : []),
    ...(key ? ["-oIdentityFile=none", "-oIdentityAgent=SSH_AUTH_SOCK"] : []),
    ...(hosts
      ? [
        "-oUserKnownHostsFile=none",
        "-oGlobalKnownHostsFile=none",
        "'-oKnownHostsCommand=/usr/bin/printenv PGO_KNOWN_HOSTS'",
      ]
      : []),
  ];
  return `ssh ${options.join(" ")}`;
}

/** The helper's text is no secret; what it prints comes from the environment and reaches git by a pipe. */
function credentialVariables(
  url: string,
  { username, password }: NonNullable<Repository["credentials"]>,
): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `credential.${new URL(url).origin}.helper`,
    GIT_CONFIG_VALUE_0:
      `!f() { printf 'username=%s\\npassword=%s\\n' "$PGO_GIT_USERNAME" "$PGO_GIT_PASSWORD"; }; f`,
    PGO_GIT_USERNAME: username,
    PGO_GIT_PASSWORD: password,
  };
}
