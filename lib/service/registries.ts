/**
 * Pulling and building with the logins that the config gives a service.
 * @module
 */
import { parseRegistryFile, type RegistryLogin } from "../config/registries.ts";
import type { ServiceConfig } from "../config/parse.ts";
import { logIn, neededLogins } from "../host/registry.ts";
import { readSecretFile, SecretFileError } from "../host/secret_file.ts";
import { removeTree } from "../host/service_directory.ts";
import type { Output } from "./output.ts";
import type { Service } from "./service.ts";

/** Reads the logins of a config anew. @throws {SecretFileError} that names file and line, never a token. */
export async function readLogins(
  { registries }: Pick<ServiceConfig, "registries">,
): Promise<RegistryLogin[]> {
  const read = registries.map(async (one) => {
    if (!("file" in one)) return [one];
    const text = await readSecretFile(one.file);
    try {
      return parseRegistryFile(text);
    } catch (error) {
      throw new SecretFileError(`${one.file}:${(error as Error).message}`);
    }
  });
  return (await Promise.all(read)).flat();
}

/**
 * Runs `attempt` with the environment in which Podman finds the logins for `images`. What it returns says why it
 * failed, `""` that it did not; where the registry did not know us, we log in again and it is tried once more.
 * @throws {LoginError} when a login fails.
 */
export async function withLogins(
  service: Service,
  images: readonly string[],
  output: Output,
  attempt: (env: Record<string, string>) => Promise<string>,
): Promise<string> {
  const { paths, logins } = service;
  const needed = neededLogins(logins, images);
  if (needed.length === 0) return await attempt({});
  const env = { REGISTRY_AUTH_FILE: paths.registryAuth };
  await logInAll(service, needed, output);
  const failed = await attempt(env);
  if (!/unauthorized|authentication required|access .*denied/i.test(failed)) return failed;
  service.loggedIn.clear();
  await logInAll(service, needed, output);
  return await attempt(env);
}

async function logInAll(
  service: Service,
  needed: readonly RegistryLogin[],
  output: Output,
): Promise<void> {
  const { host: { run }, user, paths, logins, loggedIn } = service;
  // What the config does not hold any more, or holds otherwise, is forgotten with the whole file.
  const current = new Set(logins.map((login) => JSON.stringify(login)));
  if (loggedIn.size === 0 || [...loggedIn].some((login) => !current.has(login))) {
    await removeTree(run, user, paths.registryAuth);
    loggedIn.clear();
  }
  for (const login of needed) {
    if (loggedIn.has(JSON.stringify(login))) continue;
    output.step(`logging in to ${login.registry} as ${login.username}`);
    await logIn(run, user, paths.registryAuth, login, output.signal);
    loggedIn.add(JSON.stringify(login));
  }
}
