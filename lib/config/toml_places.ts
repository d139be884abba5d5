/**
 * Where things stand in a TOML file. Its values are for lib/config/toml.ts, which alone imports this.
 * @module
 */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";

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

/** Where everything stands in a file. */
export interface TomlPlaces {
  tables: TomlTable[];
  comments: ReadonlySet<number>;
  /** Of each key and element, by its path in JSON. */
  keys: ReadonlyMap<string, Position>;
}

export { ParseError };

/** Parses TOML 1.0 text. @throws {ParseError} */
export function readPlaces(text: string): TomlPlaces {
  const program = parseTOML(text);
  const lines = text.split("\n");
  const alone = program.comments.map(({ loc }) => loc.start).filter(({ line, column }) =>
    (lines[line - 1] ?? "").slice(0, column).trim() === ""
  );
  return {
    tables: program.body[0].body.flatMap((node) =>
      node.type === "TOMLTable"
        ? [{ path: node.resolvedKey, firstLine: node.loc.start.line, lastLine: node.loc.end.line }]
        : []
    ),
    comments: new Set(alone.map(({ line }) => line)),
    keys: findKeys(program),
  };
}

function findKeys(program: AST.TOMLProgram): Map<string, Position> {
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
