/**
 * Opens the ledger of a host; one that cannot be read is put aside, since nothing that runs needs it.
 * @module
 */
import type { Log } from "../log.ts";
import { Ledger } from "./ledger.ts";

/** The ledger at `path`, or a new one in its place. @throws {Error} when a newer pgod wrote it. */
export function openLedger(path: string, log: Log): Ledger {
  try {
    return new Ledger(path);
  } catch (error) {
    const why = (error as Error).message;
    if (/locked/.test(why)) throw new Error(`${path} is in use: another pgod runs with this --dir`);
    if (/newer pgod|somebody else/.test(why)) throw error;
    const aside = `${path}.broken-${new Date().toISOString().replace(/[:.]/g, "-")}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      try {
        Deno.renameSync(path + suffix, aside + suffix);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    log.error(
      "ledger.renewed",
      `${path} cannot be read (${why}): it is ${aside} now, and a new one is begun`,
      { path },
    );
    return new Ledger(path);
  }
}
