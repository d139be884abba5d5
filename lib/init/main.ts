/**
 * `pgoctl init`: its command line, and what is told of it. Nothing else of pgoctl imports this: it reads compose files,
 * which takes a while to load.
 * @module
 */
import { ClientError } from "../client/error.ts";
import { type Report, reportError } from "../client/report.ts";
import { renderHelp } from "../manual.ts";
import { init } from "./init.ts";
import { INIT_MANUAL } from "./manual.ts";
import { readInitOptions } from "./options.ts";

/** Runs it with the words behind `init`, for the user whose home directory is `home`; its exit code, or why it failed. */
export async function initMain(argv: string[], home: string): Promise<number | Report> {
  try {
    const options = readInitOptions(argv);
    if (options) await init(options, home, (line) => console.log(line));
    else console.log(renderHelp(INIT_MANUAL));
    return 0;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return reportError(error);
  }
}
