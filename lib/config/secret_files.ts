/**
 * Files outside of all repositories that only pgod may read.
 * @module
 */
import type { RegistryLogin } from "./registries.ts";
import { isSsh, type Repository } from "./repository.ts";

/** Absolute paths by what they are for; what the config does not name is not there. */
export interface SecretFiles {
  /** More of `env`. */
  env?: string;
  /** `USER:TOKEN` for the repository. */
  gitCredentials?: string;
  /** Private key for the repository. */
  gitKey?: string;
  /** Host keys of the repository's server, as ssh keeps them. */
  gitKnownHosts?: string;
}

/** The keys of the config by what they are for. */
export const FILE_KEYS: Readonly<Record<keyof SecretFiles, string>> = {
  env: "env_file",
  gitCredentials: "git_credentials",
  gitKey: "git_key",
  gitKnownHosts: "git_known_hosts",
};

/** The files that a service of the config names. */
export function secretFiles(service: Readonly<Record<string, unknown>>): SecretFiles {
  const named = Object.entries(FILE_KEYS).map(([file, key]) => [file, service[key]]);
  return Object.fromEntries(named.filter(([, path]) => typeof path === "string"));
}

/** All files that pgod has to read for services, each once. */
export function secretPaths(
  services: readonly {
    files: SecretFiles;
    registries: readonly (RegistryLogin | { file: string })[];
  }[],
): string[] {
  const paths = services.flatMap(({ files, registries }) => [
    ...Object.values(files),
    ...registries.flatMap((one) => "file" in one ? [one.file] : []),
  ]);
  return [...new Set(paths)];
}

/** Keys for another kind of repository than this one is, and why. */
export function misplacedFiles(
  { url, credentials }: Repository,
  files: SecretFiles,
): [key: string, message: string][] {
  const found: [string, string][] = [];
  const ssh = isSsh(url);
  if (files.gitCredentials && !/^https?:/.test(url)) {
    found.push(["git_credentials", "the repository is not behind HTTP, expected none"]);
  } else if (files.gitCredentials && credentials) {
    found.push(["git_credentials", "the repository has credentials in its URL, expected one way"]);
  }
  for (const file of ["gitKey", "gitKnownHosts"] as const) {
    if (!files[file] || ssh) continue;
    found.push([FILE_KEYS[file], "the repository is not behind SSH, expected none"]);
  }
  return found;
}
