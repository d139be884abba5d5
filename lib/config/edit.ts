/**
 * Services put into a config's text and taken out of it; everything else of the text stays byte for byte.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "./parse.ts";
import {
  readToml,
  type TomlDocument,
  TomlError,
  type TomlTable,
  type TomlValue,
  writeTomlTable,
} from "./toml.ts";

/** The keys of a `[[services]]` block, in the order in which they are written. */
export type ServiceEntries = readonly (readonly [key: string, value: TomlValue])[];

/**
 * `text` with a block at its end, after one empty line, in the line ends, indentation and list style that are there.
 * `file` is a name for messages.
 * @throws {ConfigError} for text that is no TOML, or has no `[[services]]` blocks but an inline list.
 */
export function addService(text: string, file: string, entries: ServiceEntries): string {
  const document = open(text, file);
  const services = listOf(document, file);
  const lines = splitLines(text);
  const [first = "", last = ""] = [lines[0], lines.at(-1)];
  const eol = first.endsWith("\r\n") ? "\r\n" : "\n";
  const openEnded = last !== "" && !last.endsWith("\n");
  const style = styleOf(document, lines);
  const block = placed(file, () => writeTomlTable("services", entries, style));
  const added = [
    text,
    openEnded ? eol : "",
    text === "" ? "" : eol,
    block.join(eol),
    openEnded ? "" : eol,
  ].join("");
  return proved(added, file, [...services, Object.fromEntries(entries)]);
}

/**
 * `text` without the block of the service `name`. To a block belong its header, its keys, its sub-tables, the
 * comments among them, and those that no empty line parts from it: above its header, and below its last key
 * unless a header follows, whose they are then. One empty line goes with it: the one before it, or, where it
 * is the first thing in the file, the one after it.
 * @throws {ConfigError} for text that is no TOML, or where there is no such block, or more than one.
 */
export function removeService(text: string, file: string, name: string): string {
  const document = open(text, file);
  const services = listOf(document, file);
  const found = services.flatMap((service, at) => nameOf(service) === name ? [at] : []);
  const [at] = found;
  if (at === undefined) {
    const names = services.map(nameOf).filter((known) => known !== undefined).join(", ");
    throw new ConfigError([
      `${file}: there is no service ${JSON.stringify(name)}, expected one of: ${names || "none"}`,
    ]);
  }
  if (found.length > 1) {
    const places = found.map((at) => document.position(["services", at]).line).join(" and ");
    throw new ConfigError([
      `${file}: several services are called ${
        JSON.stringify(name)
      }, in lines ${places}: take one out by hand`,
    ]);
  }
  const lines = splitLines(text);
  const gone = ownLines(document, lines, at);
  const kept = lines.filter((_, index) => !gone.has(index + 1)).join("");
  const openEnded = gone.has(lines.length) && !lines.at(-1)?.endsWith("\n");
  const left = openEnded ? kept.replace(/\r?\n$/, "") : kept;
  return proved(left, file, services.filter((_, index) => index !== at));
}

function open(text: string, file: string): TomlDocument {
  return placed(file, () => readToml(text));
}

function placed<Value>(file: string, act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error.position;
    throw new ConfigError([`${file}:${line}:${column}: no TOML: ${error.message}`]);
  }
}

/** The services as the file writes them. */
function listOf(document: TomlDocument, file: string): unknown[] {
  const { services } = document.value as { services?: unknown };
  if (services === undefined) return [];
  const written = document.tables.some((table) => isOf(table, 0) && table.path.length === 2);
  if (Array.isArray(services) && written) return services;
  const { line, column } = document.position(["services"]);
  throw new ConfigError([
    `${file}:${line}:${column}: services: written on one line, expected [[services]] blocks: only those are edited`,
  ]);
}

function nameOf(service: unknown): string | undefined {
  const { name } = service as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}

function isOf({ path }: TomlTable, at: number): boolean {
  return path[0] === "services" && path[1] === at;
}

/** The lines of `text`, each with its end. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function styleOf(document: TomlDocument, lines: readonly string[]) {
  const last = document.tables.findLast(({ path }) => path[0] === "services" && path.length === 2);
  const body = last ? lines.slice(last.firstLine, last.lastLine) : [];
  const [indent = ""] = /^[ \t]*(?=[\w"'-])/.exec(body[0] ?? "") ?? [];
  return { indent, padded: body.some((line) => /=\s*\[\s+\S/.test(line)) };
}

/** The lines, from 1, that belong to the service `at`. */
function ownLines(document: TomlDocument, lines: readonly string[], at: number): Set<number> {
  const { tables, comments } = document;
  const headers = new Set(tables.map(({ firstLine }) => firstLine));
  const isEmpty = (line: number) => lines[line - 1]?.trim() === "";
  const gone = new Set<number>();
  tables.forEach((table, index) => {
    const before = tables[index - 1];
    if (!isOf(table, at) || (before && isOf(before, at))) return;
    const after = tables.findIndex((other, later) => later > index && !isOf(other, at));
    const end = tables[after < 0 ? tables.length - 1 : after - 1] ?? table;
    let [first, last] = [table.firstLine, end.lastLine];
    while (comments.has(first - 1)) first--;
    let below = last;
    while (comments.has(below + 1)) below++;
    if (!headers.has(below + 1)) last = below;
    if (isEmpty(first - 1)) first--;
    else if (first === 1 && isEmpty(last + 1)) last++;
    for (let line = first; line <= last; line++) gone.add(line);
  });
  return gone;
}

/** `text`, when reading it gives `services`: whatever was misjudged above, no other service is changed. */
function proved(text: string, file: string, services: readonly unknown[]): string {
  const { services: found = [] } = open(text, file).value as { services?: unknown };
  // Tables that were read have no prototype, those that are to be written have one.
  if (isDeepStrictEqual(structuredClone(found), structuredClone(services))) return text;
  throw new ConfigError([`${file}: this cannot be done without changing more: edit it by hand`]);
}
