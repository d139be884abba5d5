/**
 * `pgod ports`, and what `pgod check` says of ports.
 * @module
 */
import type { Config } from "../config/parse.ts";
import { placeProblems } from "../config/parse.ts";
import { formatPortRange, writePortRange } from "../config/ports.ts";
import { readToml } from "../config/toml.ts";
import type { User } from "../host/as_user.ts";
import type { Run } from "../host/process.ts";
import { pickPorts } from "../onboard/pick_ports.ts";
import { bookTable } from "./show.ts";
import { firstUnprivilegedPort, hostBook, namedListeners } from "./survey.ts";
import { portWarnings } from "./warnings.ts";

/** What `pgod ports` prints. @throws {Error} with one line when there is no such range. */
export async function portsReport(
  run: Run,
  { free, json }: { free: number | undefined; json: boolean },
  { config, users, dir }: { config: Config; users: ReadonlyMap<string, User>; dir: string },
): Promise<string> {
  if (free !== undefined) {
    const range = await pickPorts(run, free, config);
    if (json) return JSON.stringify(range);
    return `${writePortRange(range)}   # ${formatPortRange(range)}`;
  }
  const book = await hostBook(run, config, users, dir);
  return json ? JSON.stringify(book, null, 2) : bookTable(book).trimEnd();
}

/** What `pgod check` warns of, each line with its place in the config, whose text is `text`. */
export async function portWarningLines(
  run: Run,
  { config, users, ssh }: { config: Config; users: ReadonlyMap<string, User>; ssh: number },
  { text, path }: { text: string; path: string },
): Promise<string[]> {
  const warnings = portWarnings(config, {
    users,
    ssh,
    listeners: await namedListeners(run, config.services.flatMap(({ ports }) => ports ?? [])),
    unprivileged: await firstUnprivilegedPort(run),
  });
  const said = warnings.map(({ path, message }) => ({ path, message: `warning: ${message}` }));
  return placeProblems(readToml(text), path, said);
}
