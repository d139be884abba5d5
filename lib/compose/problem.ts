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

/** The finding without values of the config: they may be secrets. */
export function maskSecrets(found: Finding, env: Readonly<Record<string, string>>): Finding {
  let { message, allow } = found;
  for (const value of Object.values(env)) {
    if (value.length < 3) continue;
    message = message.replaceAll(value, "***");
    allow = allow?.replaceAll(value, "***");
  }
  return { ...found, message, ...(allow === undefined ? {} : { allow }) };
}

const MOVING =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text that cannot move the cursor of a terminal or begin a line of its own. */
function printable(text: string): string {
  return text.replace(
    MOVING,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `docker-compose.yml:3:7: services.web.image: what is wrong`, and what would allow it. */
export function formatFinding({ file, line, column, key, message, allow }: Finding): string {
  return printable(
    `${file}:${line}:${column}: ${key ? `${key}: ` : ""}${message}${
      allow ? ` (the config could say ${allow})` : ""
    }`,
  );
}

/** Whether a revision with these findings may be deployed. */
export function isRefused(findings: readonly Finding[]): boolean {
  return findings.some(({ kind }) => kind !== "note");
}
