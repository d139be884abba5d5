/**
 * The one door to TOML: a file's values together with where each of them stands.
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

/** A parsed TOML file. */
export interface TomlDocument {
  value: unknown;
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
    program = parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new TomlError(error.message, { line: error.lineNumber, column: error.column + 1 });
  }
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
  return {
    value: getStaticTOMLValue(program),
    position(path) {
      for (let length = path.length; length > 0; length--) {
        const place = places.get(JSON.stringify(path.slice(0, length)));
        if (place) return place;
      }
      return { line: 1, column: 1 };
    },
  };
}
