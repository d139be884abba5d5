/**
 * The one door to TOML: a file's values together with where each of them stands, and blocks as they are written.
 * @module
 */
import { parse, TomlError as SyntaxFault } from "smol-toml";
import {
  ParseError,
  type Path,
  type Position,
  readPlaces,
  type TomlPlaces,
  type TomlTable,
} from "./toml_places.ts";

export type { Path, Position, TomlTable };

/** A parsed TOML file. */
export interface TomlDocument {
  value: unknown;
  /** All tables that have a header, in file order. */
  tables: TomlTable[];
  /** The lines that hold a comment and nothing else, from 1. */
  comments: ReadonlySet<number>;
  /** Where the value at `path` stands; for one that is missing, its nearest parent's place. */
  position(path: Path): Position;
}

/** `["services", 1, "ports", 0]` as people write it: `services[1].ports[0]`. */
export function formatPath(path: Path): string {
  return path.map((step, at) =>
    typeof step === "number"
      ? `[${step}]`
      : (at === 0 ? "" : ".") + (/^[\w-]+$/.test(step) ? step : JSON.stringify(step))
  ).join("");
}

/** Thrown by {@link readToml} for text that is no TOML; `message` is one line without the place. */
export class TomlError extends Error {
  constructor(message: string, readonly position: Position) {
    super(message);
  }
}

/** Parses TOML 1.0 text. @throws {TomlError} with the place of the first syntax error. */
export function readToml(text: string): TomlDocument {
  // Editors of other systems put a byte order mark first, and some a second one before it.
  const toml = text.replace(/^\ufeff+/, "");
  // Reading places takes five times as long, and is wanted only for what is wrong, or edited.
  let found: TomlPlaces | undefined;
  const places = () => found ??= orError(() => readPlaces(toml));
  return {
    value: readValue(toml, places),
    get tables() {
      return places().tables;
    },
    get comments() {
      return places().comments;
    },
    position(path) {
      const keys = keysOf(places);
      for (let length = path.length; length > 0; length--) {
        const place = keys.get(JSON.stringify(path.slice(0, length)));
        if (place) return place;
      }
      return START;
    },
  };
}

const START: Position = { line: 1, column: 1 };

/** A message that has no place is better than none. */
function keysOf(places: () => TomlPlaces): TomlPlaces["keys"] {
  try {
    return places().keys;
  } catch {
    return new Map();
  }
}

function readValue(toml: string, places: () => TomlPlaces): unknown {
  try {
    return parse(toml);
  } catch (error) {
    // Its words are for people who see the lines it shows below them; the other's stand alone.
    places();
    if (!(error instanceof SyntaxFault)) throw new TomlError(firstLine(error), START);
    const [, message = error.message] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    throw new TomlError(message, { line: error.line, column: error.column });
  }
}

function orError(read: () => TomlPlaces): TomlPlaces {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new TomlError("nests too deep to be read", START);
    if (!(error instanceof ParseError)) throw new TomlError(firstLine(error), START);
    throw new TomlError(error.message, { line: error.lineNumber, column: error.column + 1 });
  }
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split("\n")[0] ?? "";
}

/** What {@link writeTomlTable} writes: a string, a list of strings, or a table of strings on one line. */
export type TomlValue = string | readonly string[] | Readonly<Record<string, string>>;

/** How a file writes its tables. */
export interface TomlStyle {
  /** What stands before each key. */
  indent: string;
  /** Whether lists are written `[ "a" ]` instead of `["a"]`. */
  padded: boolean;
}

/** The lines of one element of the array of tables `name`. @throws {TomlError} for text that is no Unicode. */
export function writeTomlTable(
  name: string,
  entries: readonly (readonly [key: string, value: TomlValue])[],
  { indent, padded }: TomlStyle,
): string[] {
  const write = (value: TomlValue): string => {
    if (typeof value === "string") return quote(value);
    if (!isList(value)) {
      const pairs = Object.entries(value).map(([key, text]) => `${writeKey(key)} = ${quote(text)}`);
      return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
    }
    const items = value.map(quote).join(", ");
    return padded && items !== "" ? `[ ${items} ]` : `[${items}]`;
  };
  return [
    `[[${writeKey(name)}]]`,
    ...entries.map(([key, value]) => `${indent}${writeKey(key)} = ${write(value)}`),
  ];
}

function isList(
  value: readonly string[] | Readonly<Record<string, string>>,
): value is readonly string[] {
  return Array.isArray(value);
}

function writeKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key);
}

/** JSON's escapes are TOML's as well; but TOML also wants DEL escaped, and knows no lone surrogates. */
function quote(text: string): string {
  if (!text.isWellFormed()) {
    throw new TomlError("the text is no Unicode", { line: 1, column: 1 });
  }
  return JSON.stringify(text).replaceAll("\x7f", "\\u007F");
}
