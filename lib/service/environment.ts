/**
 * The variables that a service's config gives it: `env`, and those of its `env_file`.
 * @module
 */
import { readEnvFile } from "../compose/env_file.ts";
import type { ServiceConfig } from "../config/parse.ts";
import { steers } from "../config/schema.ts";
import { readSecretFile, SecretFileError } from "../host/secret_file.ts";

/**
 * Reads them anew; `env` wins over the file. @throws {SecretFileError} that names file and line, never a value.
 */
export async function readEnvironment(
  { env, files }: Pick<ServiceConfig, "env" | "files">,
): Promise<Record<string, string>> {
  if (files.env === undefined) return env;
  const path = files.env;
  const text = await readSecretFile(path);
  try {
    return { ...parseEnvironment(text), ...env };
  } catch (error) {
    throw new SecretFileError(`${path}:${(error as Error).message}`);
  }
}

/** Reads the text of an `env_file`: quotes and comments as in compose's env files, values as they stand. */
function parseEnvironment(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, value, line } of readEnvFile(text, new Map(), { literal: true })) {
    // What stands alone may be a secret whose name was forgotten, so it is not repeated.
    if (value === undefined) throw new Error(`${line}: no assignment, expected NAME=value`);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new Error(`${line}: no name of a variable, expected letters, digits and "_"`);
    }
    if (steers(name)) {
      throw new Error(
        `${line}: ${name} steers podman-compose itself, expected a variable of the service`,
      );
    }
    found[name] = value;
  }
  return found;
}
