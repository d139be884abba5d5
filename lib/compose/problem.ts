/**
 * What can be wrong in a compose file, and where.
 * @module
 */

/** A place in a file of the repository; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** One thing PGO cannot read for certain: syntax, type, reference, or a key it does not know yet. */
export interface Problem extends Place {
  /** `services.web.ports[0]` */
  key: string;
  /** What is wrong, what is expected. */
  message: string;
}

/** One thing that is clear but not allowed to this service on this host. */
export interface Violation extends Problem {
  /** The config line that would allow it; undefined: nothing does. */
  allow?: string;
}

/** `docker-compose.yml:3:7: services.web.image: what is wrong`, and what would allow it. */
export function formatProblem({ file, line, column, key, message, allow }: Violation): string {
  return `${file}:${line}:${column}: ${key ? `${key}: ` : ""}${message}${
    allow ? ` (the config could say ${allow})` : ""
  }`;
}
