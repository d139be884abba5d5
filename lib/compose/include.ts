/**
 * `include`: other compose files, each a project with its own directory and variables.
 * @module
 */
import { posix } from "node:path";
import type { Files } from "./files.ts";
import type { Variables } from "./interpolate.ts";
import { isTable, type Node, type Table } from "./node.ts";
import type { Where } from "./problem.ts";
import { items, type Reader } from "./reader.ts";

/** One project: files that are merged in order, what their paths are relative to, and their variables. */
export interface Project {
  files: { path: string; at: Where }[];
  base: string;
  variables: Variables;
  /** Files that are being included, outermost first. */
  chain: readonly string[];
}

/** Sections whose entries an included file brings in. */
const SECTIONS = ["services", "networks", "volumes", "secrets", "configs"];

/** How deep includes may nest. */
const DEPTH = 20;

/** The projects that `include` of `parent` names. `dotenv` reads env files over variables. */
export async function includedProjects(
  include: Node | undefined,
  parent: Project,
  { files, reader, dotenv }: {
    files: Files;
    reader: Reader;
    dotenv(
      paths: { path: string; at: Where; required: boolean }[],
      over: Variables,
    ): Promise<Variables>;
  },
): Promise<Project[]> {
  const projects: Project[] = [];
  for (const entry of reader.list(include)) {
    const table: Table = isTable(entry.content)
      ? reader.tableOf(entry, ["path", "project_directory", "env_file"])
      : new Map([["path", entry]]);
    const paths = items(table.get("path")).flatMap((node) => {
      const written = reader.text(node);
      const path = written === undefined ? undefined : files.locate(node, written);
      return path === undefined ? [] : [{ path, at: node }];
    });
    const [first] = paths;
    if (!first) {
      if (items(table.get("path")).length === 0) {
        reader.problem(entry, "says no path, expected one");
      }
      continue;
    }
    if (paths.some(({ path }) => parent.chain.includes(path)) || parent.chain.length > DEPTH) {
      reader.problem(entry, `${first.path} includes itself in a circle`);
      continue;
    }
    const directory = table.get("project_directory");
    const written = reader.text(directory);
    const base = directory && written !== undefined
      ? files.locate(directory, written)
      : posix.dirname(first.path);
    if (base === undefined) continue;
    const given = items(table.get("env_file")).flatMap((node) => {
      const path = files.locate(node, reader.text(node) ?? "");
      return path === undefined ? [] : [{ path, at: node, required: true }];
    });
    const usual = { path: posix.join(base, ".env"), at: entry, required: false };
    const variables = await dotenv(table.has("env_file") ? given : [usual], parent.variables);
    projects.push({
      files: paths,
      base,
      variables,
      chain: [...parent.chain, ...paths.map(({ path }) => path)],
    });
  }
  return projects;
}

/** Brings an included project's entries into `top`; a name that stands for two things is a problem. */
export function importProject(
  top: Map<string, Map<string, Node>>,
  project: Table,
  reader: Reader,
): void {
  for (const section of SECTIONS) {
    const entries = project.get(section)?.content;
    if (!isTable(entries)) continue;
    const known = top.get(section) ?? new Map<string, Node>();
    top.set(section, known);
    for (const [name, node] of entries) {
      const other = known.get(name);
      if (other && plain(other) !== plain(node)) {
        reader.problem(node, `is in ${other.file} too, expected one of them`);
      }
      known.set(name, node);
    }
  }
}

/** Text that is the same for nodes that mean the same. */
function plain(node: Node): string {
  return JSON.stringify(node, (key, value) => {
    if (key !== "" && ["file", "line", "column", "key", "used", "tag"].includes(key)) {
      return undefined;
    }
    return value instanceof Map ? [...value] : value;
  });
}
