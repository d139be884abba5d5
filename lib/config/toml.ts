/**
 * The one door to TOML: a file's values together with where each of them stands, and blocks as they are written.
 * @module
 */
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";

/** A place in a file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Keys and indexes that lead to a value: `["services", 1, "ports", 0]`. */
export type Path = readonly (string | number)[];

/** A `[table]` or `[[table]]`, from its header to the end of its last value; lines count from 1. */
export interface TomlTable {
  path: Path;
  firstLine: number;
  lastLine: number;
}

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
  let program: AST.TOMLProgram;
  try {
    // Editors of other systems put a byte order mark first.
    program = parseTOML(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new TomlError(error.message, { line: error.lineNumber, column: error.column + 1 });
  }
  let places: Map<string, Position> | undefined;
  const lines = text.split("\n");
  const alone = program.comments.map(({ loc }) => loc.start).filter(({ line, column }) =>
    (lines[line - 1] ?? "").slice(0, column).trim() === ""
  );
  return {
    value: getStaticTOMLValue(program),
    tables: program.body[0].body.flatMap((node) =>
      node.type === "TOMLTable"
        ? [{ path: node.resolvedKey, firstLine: node.loc.start.line, lastLine: node.loc.end.line }]
        : []
    ),
    comments: new Set(alone.map(({ line }) => line)),
    position(path) {
      // Only what is wrong, or edited, is looked for.
      places ??= findPlaces(program);
      for (let length = path.length; length > 0; length--) {
        const place = places.get(JSON.stringify(path.slice(0, length)));
        if (place) return place;
      }
      return { line: 1, column: 1 };
    },
  };
}

/** Where each key and element stands, by its path in JSON. */
function findPlaces(program: AST.TOMLProgram): Map<string, Position> {
  const places = new Map<string, Position>();
  const note = (path: Path, node: AST.TOMLNode) => {
    const { line, column } = node.loc.start;
    places.set(JSON.stringify(path), { line, column: column + 1 });
  };
  const visitPairs = (path: Path, pairs: AST.TOMLKeyValue[]) => {
    for (const pair of pairs) {
      const keys = pair.key.keys.map((key) => key.type === "TOMLBare" ? key.name : key.value);
      keys.forEach((_, at) => note([...path, ...keys.slice(0, at + 1)], pair.key.keys[at] ?? pair));
      visitValue([...path, ...keys], pair.value);
    }
  };
  const visitValue = (path: Path, node: AST.TOMLContentNode) => {
    if (node.type === "TOMLInlineTable") visitPairs(path, node.body);
    else if (node.type === "TOMLArray") {
      node.elements.forEach((element, at) => {
        note([...path, at], element);
        visitValue([...path, at], element);
      });
    }
  };
  for (const node of program.body[0].body) {
    if (node.type === "TOMLTable") {
      note(node.resolvedKey, node);
      visitPairs(node.resolvedKey, node.body);
    } else visitPairs([], [node]);
  }
  return places;
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
