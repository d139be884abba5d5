/**
 * `.env` and `env_file`, as the Compose Specification reads them: unquoted and double-quoted values are
 * interpolated, single-quoted ones are not. (`node:util` and the usual packages cannot tell the quotes apart.)
 * @module
 */
import { type Budget, TooMuch } from "./budget.ts";
import { interpolate, type Variables } from "./interpolate.ts";

/** One assignment. */
export interface Assignment {
  name: string;
  /** undefined where the name stands alone. */
  value: string | undefined;
  /** Variables that went into it. */
  used: ReadonlySet<string>;
  /** Counts from 1. */
  line: number;
}

/** Characters a line may have. */
const LINE = 128 * 1024;

const ESCAPES: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  $: "$$",
};

/**
 * Reads the text of an env file; `raw` takes values as they stand, `literal` knows quotes but no variables.
 * Later lines may use the names of earlier ones. @throws {Error} with one line that begins with the line's number.
 */
export function readEnvFile(
  text: string,
  variables: Variables,
  { raw = false, literal = false, budget }: {
    raw?: boolean;
    literal?: boolean;
    budget?: Budget;
  } = {},
): Assignment[] {
  const found: Assignment[] = [];
  const scope = new Map(variables);
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const origins = new Map<string, ReadonlySet<string>>();
  for (let at = 0, line = 1, counted = 0; at < source.length;) {
    for (; counted < at; counted++) if (source[counted] === "\n") line++;
    const end = source.indexOf("\n", at) < 0 ? source.length : source.indexOf("\n", at);
    const written = source.slice(at, end);
    if (written.length > LINE) throw new Error(`${line}: longer than ${LINE} characters`);
    at = end + 1;
    if (/^\s*(#|$)/.test(written)) continue;
    const [, name, assign, rest = ""] =
      /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:([=:])(.*))?$/s.exec(written) ?? [];
    if (name === undefined) throw new Error(`${line}: no assignment, expected NAME=value`);
    if (assign === undefined) {
      found.push({ name, value: undefined, used: new Set(), line });
      continue;
    }
    const quote = raw ? "" : /^\s*(["'])/.exec(rest)?.[1] ?? "";
    let value = raw ? rest : withoutComment(rest).trim();
    let used: ReadonlySet<string> = new Set();
    if (quote !== "") {
      const start = end - rest.trimStart().length + 1;
      const close = closing(source, start, quote);
      if (close < 0) throw new Error(`${line}: the value of ${name} has no closing ${quote}`);
      value = source.slice(start, close);
      const newline = source.indexOf("\n", close);
      const after = source.slice(close + 1, newline < 0 ? source.length : newline);
      if (!/^\s*(#|$)/.test(after)) {
        throw new Error(`${line}: text after the value of ${name}, expected the end of the line`);
      }
      at = newline < 0 ? source.length : newline + 1;
      value = quote === '"'
        ? value.replace(
          /\\([nrt"\\$])/g,
          (_, char: string) => char === "$" && literal ? "$" : ESCAPES[char] ?? char,
        )
        : value.replaceAll("\\'", "'");
    }
    if (!raw && !literal && quote !== "'") {
      try {
        const { text, used: names } = interpolate(value, scope);
        value = text;
        used = new Set([...names].flatMap((from) => [from, ...origins.get(from) ?? []]));
      } catch (error) {
        if (error instanceof TooMuch) throw error;
        throw new Error(`${line}: ${(error as Error).message}`);
      }
    }
    budget?.takeValues(1);
    budget?.takeCharacters(value.length);
    if (value.includes("\0")) throw new Error(`${line}: the value of ${name} holds a NUL`);
    if (!variables.has(name)) {
      scope.set(name, value);
      origins.set(name, used);
    }
    found.push({ name, value, used, line });
  }
  return found;
}

/** Without a comment: a "#" at the beginning or after a blank. */
function withoutComment(text: string): string {
  for (let at = text.indexOf("#"); at >= 0; at = text.indexOf("#", at + 1)) {
    if (at === 0 || /\s/.test(text[at - 1] ?? "")) return text.slice(0, at);
  }
  return text;
}

function closing(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === quote) return at;
  }
  return -1;
}
