/**
 * Whether a config tells its secrets to every user of the host.
 * @module
 */
import type { Config } from "../config/parse.ts";

/** Where the config at `path` holds secrets that all may read, and what to do, in one line; `""` if it does not. */
export async function openConfigLine(
  path: string,
  { services }: Pick<Config, "services">,
): Promise<string> {
  const held = services.flatMap(({ name, repository, registries, env }) => [
    ...(repository.credentials ? [`the token of ${name}'s repository`] : []),
    ...(registries.some((one) => !("file" in one)) ? [`the logins of ${name}`] : []),
    ...(Object.keys(env).length > 0 ? [`env of ${name}`] : []),
  ]);
  const { mode } = await Deno.stat(path);
  if (held.length === 0 || ((mode ?? 0) & 0o004) === 0) return "";
  return `${path}: every user of this host can read ${
    held.join(", ")
  }: chmod 600 ${path}, or files that it names`;
}
