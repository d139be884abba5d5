/**
 * What `pgod` and `pgoctl` both know of the wire: one exec line, `service//command arguments` (or
 * `//command` for the host), quoted as a POSIX shell would read it.
 * @module
 */
import { join, split } from "shlex";
import { StatusError } from "./status.ts";

/** The port pgod listens on unless told otherwise. */
export const DEFAULT_PORT = 2222;

/** Characters an exec line may have: SSH's packets hold 32 KB. */
export const LINE_LIMIT = 32 * 1024;

/** What one exec line asks for. */
export interface Invocation {
  /** Empty for what concerns the whole host, as in `//status`. */
  service: string;
  command: string;
  args: string[];
}

/** Reads an exec line. @throws {StatusError} 400 when it is none. */
export function decodeLine(line: string, limit = LINE_LIMIT): Invocation {
  if (line.length > limit) {
    throw new StatusError(400, `Command is longer than ${limit} characters`);
  }
  let words: string[];
  try {
    words = split(line);
  } catch (error) {
    throw new StatusError(400, `Command cannot be read: ${(error as Error).message}`);
  }
  const [target = "", ...args] = words;
  const slashes = target.indexOf("//");
  if (slashes < 0) {
    throw new StatusError(
      400,
      `${JSON.stringify(target)} names no service and command, expected SERVICE//COMMAND`,
    );
  }
  return { service: target.slice(0, slashes), command: target.slice(slashes + 2), args };
}

/** The exec line that {@link decodeLine} reads back unchanged, whatever `args` hold. */
export function encodeLine({ service, command, args }: Invocation): string {
  return join([`${service}//${command}`, ...args]);
}

/** Where a pgoctl command goes. */
export interface Target {
  host: string;
  /** From `user@`; means nothing to pgod. */
  user: string | undefined;
  /** Empty in `host://status`, which concerns the whole host. */
  service: string;
  command: string;
}

/** Reads `host:service//command`, `[::1]:service//command`, `host://command`. @throws {Error} saying what is expected. */
export function parseTarget(text: string): Target {
  const [, user, v6, name, service, command] =
    /^(?:([^@/:]*)@)?(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:@/[\]]+)):([^/\s]*)\/\/(\S+)$/.exec(text) ??
      [];
  const host = v6 ?? name;
  if (!host || service === undefined || !command || host.startsWith("-")) {
    throw new Error(
      `${
        JSON.stringify(text)
      } is no target, expected HOST:SERVICE//COMMAND such as localhost:pgo//ps`,
    );
  }
  return { host, user: user || undefined, service, command };
}
