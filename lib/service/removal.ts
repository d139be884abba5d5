/**
 * Services that no config names any more, or not as that user: taken down, and later their files removed.
 * @module
 */
import type { User } from "../host/as_user.ts";
import { abandonDirectory, removeTree, serviceDirectory } from "../host/service_directory.ts";
import { about } from "../log.ts";
import { NOBODY } from "./neighbours.ts";
import { createOutput } from "./output.ts";
import { createService, type Host } from "./service.ts";
import { takeDown } from "./switch.ts";

/**
 * Ends a service's containers for good, as the user they run as. Its files and volumes stay, unless
 * another user takes the service over: then what PGO can make again goes, and its data stays.
 */
export async function takeDownFor(
  host: Host,
  name: string,
  user: User,
  moves: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, log, run } = host;
  const service = createService(host, { ...NOBODY, name, user: user.name }, user, []);
  const output = createOutput(() => {}, () => {}, signal);
  try {
    await takeDown(service, ledger.service(name).live, output);
    await removeTree(run, user, service.paths.registryAuth);
    if (moves) await abandonDirectory(run, service.paths, user);
    else ledger.markStale(name, user.name);
    ledger.forget(name);
    log.info(
      "service.removed",
      `"${name}" is no longer wanted as "${user.name}" and was taken down`,
      { service: name, user: user.name },
    );
  } catch (error) {
    log.error(
      "service.stays",
      `"${name}" is no longer wanted, but was not taken down: ${(error as Error).message}`,
      { service: name, user: user.name },
    );
  }
}

/**
 * Removes what PGO can make again of services that have not been wanted for `age` milliseconds; their data
 * and volumes stay.
 */
export async function sweepStale(
  { ledger, log, run, dir }: Host,
  age: number,
  formerUser: (name: string) => Promise<User | undefined>,
  isBack: (name: string) => boolean,
): Promise<void> {
  for (const { name, user, since } of ledger.stale()) {
    if (Date.now() - Date.parse(since) < age || isBack(name)) continue;
    const owner = await formerUser(user);
    try {
      if (owner) {
        const directory = serviceDirectory(dir, name);
        await about({ service: name }, () => abandonDirectory(run, directory, owner));
      }
      ledger.clearStale(name);
      log.info(
        "service.swept",
        `"${name}" has not been wanted since ${since}: its files were removed, data stays`,
        { service: name, since },
      );
    } catch (error) {
      log.error(
        "service.unswept",
        `The files of "${name}" were not removed: ${(error as Error).message}`,
        { service: name },
      );
    }
  }
}
