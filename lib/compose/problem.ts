/**
 * What can be said of a compose file, and where.
 * @module
 */

/** A place in a file of the repository; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** A value of the resolved compose file, and the place its text stands at. */
export interface Where extends Place {
  /** `services.web.ports[0]`; `""` for a whole file. */
  key: string;
}

/**
 * One thing to say. A `problem`: PGO cannot read it for certain (syntax, type, reference). A `violation`: it is
 * clear, but not allowed to this service on this host, or nothing PGO knows. A `note`: it has no effect here,
 * and nobody loses by that. Notes refuse nothing.
 */
export interface Finding extends Where {
  kind: "problem" | "violation" | "note";
  /** What is wrong, what is expected. */
  message: string;
  /** The config line that would allow it; undefined: nothing does. */
  allow?: string;
}

/** Takes findings as they are made. */
export type Report = (finding: Finding) => void;

/** A finding at a place; only the place is taken of `where`. */
export function finding(
  kind: Finding["kind"],
  { file, line, column, key }: Where,
  message: string,
  allow?: string,
): Finding {
  return { kind, file, line, column, key, message, ...(allow === undefined ? {} : { allow }) };
}

/** `docker-compose.yml:3:7: services.web.image: what is wrong`, and what would allow it. */
export function formatFinding({ file, line, column, key, message, allow }: Finding): string {
  return `${file}:${line}:${column}: ${key ? `${key}: ` : ""}${message}${
    allow ? ` (the config could say ${allow})` : ""
  }`;
}

/** Whether a revision with these findings may be deployed. */
export function isRefused(findings: readonly Finding[]): boolean {
  return findings.some(({ kind }) => kind !== "note");
}
