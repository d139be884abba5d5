/**
 * What the config gives a service and no repository holds, read again before it is used.
 * @module
 */
import type { ServiceConfig } from "../config/parse.ts";
import { FILE_KEYS, type SecretFiles } from "../config/secret_files.ts";
import type { Path } from "../config/toml.ts";
import { gitAccess } from "../host/git_remote.ts";
import { SecretFileError } from "../host/secret_file.ts";
import { readEnvironment } from "./environment.ts";
import { readLogins } from "./registries.ts";
import type { Service } from "./service.ts";

/**
 * Brings the service's variables and logins up to date. When that changes them, the next reconcile looks at the tip
 * again, also where it has failed. @throws {SecretFileError} when a file cannot be read; what was known stays.
 */
export async function refreshSecrets(service: Service): Promise<void> {
  const fresh = [await readEnvironment(service.config), await readLogins(service.config)] as const;
  if (JSON.stringify(fresh) === JSON.stringify([service.env, service.logins])) return;
  [service.env, service.logins] = fresh;
  service.handled = undefined;
  service.renewed = true;
}

/** What is wrong with the files that services of a config name, and which of its values names each. */
export async function secretTroubles(
  services: readonly ServiceConfig[],
): Promise<{ path: Path; message: string }[]> {
  const readers = services.flatMap((service, at): [Path, () => Promise<unknown>][] => [
    ...Object.keys(service.files).map((file): [Path, () => Promise<unknown>] => {
      const files: SecretFiles = { [file]: service.files[file as keyof SecretFiles] };
      const read = () =>
        file === "env" ? readEnvironment({ env: {}, files }) : gitAccess(service.repository, files);
      return [["services", at, FILE_KEYS[file as keyof SecretFiles]], read];
    }),
    ...service.registries.map((one, index): [Path, () => Promise<unknown>] => [
      ["services", at, "registries", index],
      () => readLogins({ registries: [one] }),
    ]),
  ]);
  const found = await Promise.all(readers.map(async ([path, read]) => {
    try {
      await read();
      return [];
    } catch (error) {
      if (error instanceof SecretFileError) return [{ path, message: error.message }];
      throw error;
    }
  }));
  return found.flat();
}
