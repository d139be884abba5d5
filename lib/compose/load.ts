/**
 * From compose files to one tree that refers to no other file: includes, overrides, `extends` and env files
 * are merged in, services of profiles that are not active are gone.
 * @module
 */
import { type Budget, TooMuch } from "./budget.ts";
import { readDocument } from "./document.ts";
import { readEnvFile } from "./env_file.ts";
import { Extender } from "./extend.ts";
import type { Files } from "./files.ts";
import { importProject, includedProjects, type Project } from "./include.ts";
import type { Variables } from "./interpolate.ts";
import { dropResets, hasReset, merge, mergeFile } from "./merge.ts";
import { isTable, keyOf, type Node, rekey, type Table, textAt, withContent } from "./node.ts";
import type { Where } from "./problem.ts";
import { items, type Reader } from "./reader.ts";

/** What all projects of one revision share. */
export interface Loading {
  files: Files;
  reader: Reader;
  /** Names of variables that hold values of the host's config; grows by what is made of them. */
  secrets: Set<string>;
  /** Active profiles. */
  profiles: readonly string[];
  budget: Budget;
}

/** Keys at the top of a compose file, once its includes are merged in. */
export const TOP_LEVEL = [
  "version",
  "name",
  "services",
  "networks",
  "volumes",
  "secrets",
  "configs",
];

/** Services that one file may have. */
const SERVICES = 1_000;

/** Files whose variables are read, in order. */
type EnvFiles = { path: string; at: Where; required: boolean; raw?: boolean }[];

/** Variables of env files, under those that are there already. */
export async function readVariables(
  loading: Loading,
  paths: EnvFiles,
  over: Variables,
): Promise<Variables> {
  const found = new Map<string, string>();
  for (const { name, value, used } of await readAssignments(loading, paths, over)) {
    if (value === undefined || over.has(name)) continue;
    found.set(name, value);
    if ([...used].some((from) => loading.secrets.has(from))) loading.secrets.add(name);
  }
  return new Map([...found, ...over]);
}

/** The project's one tree; undefined when it cannot be read. */
export async function loadProject(loading: Loading, project: Project): Promise<Node | undefined> {
  const { files, reader, budget } = loading;
  const { variables, base } = project;
  budget.takeProject();
  const extender = new Extender(files, reader, variables, budget);
  let whole: Node | undefined;
  for (const { path, at } of project.files) {
    const text = await files.open(path, at);
    if (text === undefined) return undefined;
    const document = readDocument(text, { file: path, base, variables, budget }, reader.report);
    if (!document) return undefined;
    const top = new Map(reader.table(document));
    const doors = {
      files,
      reader,
      dotenv: (paths: EnvFiles, over: Variables) => readVariables(loading, paths, over),
    };
    const imported = new Map<string, Map<string, Node>>();
    for (const included of await includedProjects(top.get("include"), project, doors)) {
      const tree = await loadProject(loading, included);
      reader.tableOf(tree, TOP_LEVEL);
      if (isTable(tree?.content)) importProject(imported, tree.content, reader);
    }
    top.delete("include");
    const services = top.get("services");
    if (services) {
      const own = reader.table(services);
      if (own.size > SERVICES) throw new TooMuch(`has more than ${SERVICES} services`);
      const scope = new Map([...imported.get("services") ?? [], ...own]);
      const extended = await extender.services({ file: path, services: scope });
      const kept = [...extended].filter(([name]) => own.has(name));
      top.set("services", withContent(services, new Map(kept)));
    }
    for (const [section, entries] of imported) {
      const own = top.get(section) ?? withContent(document, new Map());
      const both = new Map([[section, new Map(reader.table(own))]]);
      importProject(both, new Map([[section, withContent(own, entries)]]), reader);
      top.set(section, { ...own, key: section, content: both.get(section) ?? null });
    }
    const tree = withContent(document, top);
    whole = whole ? mergeFile(whole, tree) : tree;
  }
  if (!whole || !isTable(whole.content)) return whole;
  const complete = project.files.length > 1 || hasReset(whole)
    ? rekey(dropResets(whole), "")
    : whole;
  const top = new Map(reader.table(complete));
  const services = top.get("services");
  if (services) top.set("services", await completeServices(loading, services, variables));
  for (const section of ["secrets", "configs"]) {
    const entries = top.get(section);
    if (entries && isTable(entries.content)) {
      top.set(section, withContent(entries, fromVariables(reader, entries.content, variables)));
    }
  }
  return withContent(complete, top);
}

/** Secrets and configs that are a variable of the project become its text. */
function fromVariables(reader: Reader, entries: Table, variables: Variables): Table {
  return new Map([...entries].map(([name, entry]) => {
    const at = isTable(entry.content) ? entry.content.get("environment") : undefined;
    if (!at || !isTable(entry.content)) return [name, entry];
    const variable = reader.text(at) ?? "";
    const value = variables.get(variable);
    if (value === undefined) {
      reader.problem(at, `variable ${variable} is required: it is not set`);
    }
    const table = new Map(entry.content).set(
      "content",
      textAt(at, value ?? "", new Set([variable])),
    );
    return [name, withContent(entry, table)];
  }));
}

/** Without those of other profiles; with the values of their env and label files. */
async function completeServices(
  loading: Loading,
  services: Node,
  variables: Variables,
): Promise<Node> {
  const { reader, profiles } = loading;
  const kept = new Map<string, Node>();
  for (const [name, node] of reader.table(services)) {
    const table = isTable(node.content) ? node.content : undefined;
    const wanted = reader.texts(table?.get("profiles"));
    if (wanted.length > 0 && !wanted.some((profile) => profiles.includes(profile))) continue;
    kept.set(name, table ? withContent(node, await complete(loading, table, variables)) : node);
  }
  return withContent(services, kept);
}

async function complete(loading: Loading, service: Table, variables: Variables): Promise<Table> {
  const table = new Map(service);
  for (const [list, target] of [["env_file", "environment"], ["label_file", "labels"]] as const) {
    const node = table.get(list);
    table.delete(list);
    const found = new Map<string, Node>();
    for (const file of node ? envFiles(loading, node) : []) {
      for (const { name, value, used } of await readAssignments(loading, [file], variables)) {
        const at = { ...file.node, ...file.at, key: keyOf(file.at.key, name) };
        found.set(name, { ...textAt(at, value ?? "", used), content: value ?? null });
      }
    }
    if (node && found.size > 0) {
      const merged = merge(withContent(node, found), table.get(target), target);
      if (merged) table.set(target, merged);
    }
  }
  const environment = table.get("environment");
  if (environment) table.set("environment", inherit(environment, variables));
  const build = table.get("build");
  const args = isTable(build?.content) ? build.content.get("args") : undefined;
  if (build && isTable(build.content) && args) {
    // A value of the config's reaches the build by its environment, so its name stays alone.
    const known = new Map([...variables].filter(([name]) => !loading.secrets.has(name)));
    table.set(
      "build",
      withContent(build, new Map(build.content).set("args", inherit(args, known))),
    );
  }
  return table;
}

/** Names that stand alone get the value of the variable of that name. */
function inherit(environment: Node, variables: Variables): Node {
  const fill = (name: string, item: Node) => {
    const value = variables.get(name);
    return value === undefined ? item : textAt(item, value, new Set([name]));
  };
  if (Array.isArray(environment.content)) {
    return withContent(
      environment,
      environment.content.map((item) => {
        const name = item.content;
        if (typeof name !== "string" || name.includes("=") || !variables.has(name)) return item;
        return textAt(item, `${name}=${variables.get(name)}`, new Set([name]));
      }),
    );
  }
  if (!isTable(environment.content)) return environment;
  return withContent(
    environment,
    new Map(
      [...environment.content].map(([name, item]) =>
        [name, item.content === null ? fill(name, item) : item] as const
      ),
    ),
  );
}

function envFiles({ files, reader }: Loading, node: Node) {
  return items(node).flatMap((item) => {
    const long: Table = isTable(item.content)
      ? reader.tableOf(item, ["path", "required", "format"])
      : new Map([["path", item]]);
    const at = long.get("path") ?? item;
    const path = files.locate(at, reader.text(at) ?? "");
    const raw = reader.text(long.get("format"), /^raw$/, '"raw" or nothing') !== undefined;
    const required = !long.has("required") || reader.flag(long.get("required"));
    return path === undefined ? [] : [{ path, at: item, node: item, required, raw }];
  });
}

async function readAssignments(
  { files, reader, budget }: Loading,
  paths: EnvFiles,
  over: Variables,
) {
  const all = [];
  for (const { path, at, required, raw } of paths) {
    const text = await files.open(path, at, required);
    try {
      for (const one of readEnvFile(text ?? "", over, { raw, budget })) all.push(one);
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      reader.problem(at, `${path}:${(error as Error).message}`);
    }
  }
  return all;
}
