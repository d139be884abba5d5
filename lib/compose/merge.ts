/**
 * One compose file, or one service, over another: the Compose Specification's rules of merging.
 * @module
 */
import { posix } from "node:path";
import { isTable, type Node, type Table, textAt, withContent } from "./node.ts";

/** Lists that replace what they are merged over. */
const REPLACED = new Set(["command", "entrypoint", "healthcheck.test"]);

/** Lists of `NAME=value` that mean the same as maps. */
const PAIRS = new Set([
  "annotations",
  "build.args",
  "environment",
  "labels",
  "sysctls",
]);

/** What tells the entries of a list apart: a later one takes the place of an earlier one. */
const IDENTITY: Readonly<Record<string, (node: Node) => string>> = {
  volumes: (node) => mountTarget(node),
  devices: (node) => mountTarget(node),
  secrets: (node) => fileTarget(node),
  configs: (node) => fileTarget(node),
  ports: (node) =>
    isTable(node.content)
      ? ["host_ip", "target", "published", "protocol"].map((key) => leaf(node, key)).join(" ")
      : String(node.content),
};

/** `over` merged over `base`; `path` is where they are, from the top of a service or `""`. */
export function merge(
  base: Node | undefined,
  over: Node | undefined,
  path: string,
): Node | undefined {
  if (over === undefined) return base;
  if (over.tag === "reset") return undefined;
  if (base === undefined || over.tag === "override") return over;
  // Alone, a variable's name asks for another value; elsewhere an empty value says nothing.
  if (over.content === null && !/^(environment|build\.args)\./.test(path)) return base;
  const [under, upper] = alike(base, over, path);
  if (isTable(under.content) && isTable(upper.content)) {
    // Options belong to their driver.
    if (
      path === "logging" && leaf(under, "driver") !== leaf(upper, "driver") && leaf(upper, "driver")
    ) {
      return upper;
    }
    return withContent(upper, mergeTables(under.content, upper.content, path));
  }
  if (Array.isArray(under.content) && Array.isArray(upper.content) && !REPLACED.has(path)) {
    return withContent(upper, mergeLists(under.content, upper.content, IDENTITY[path] ?? textOf));
  }
  return upper;
}

/** A service over another. */
export function mergeService(base: Node, over: Node): Node {
  return merge(base, over, "") ?? over;
}

/** A whole file over another, as `compose.override.yaml` over `compose.yaml`. */
export function mergeFile(base: Node, over: Node): Node {
  if (!isTable(base.content) || !isTable(over.content)) return over;
  const top = new Map(base.content);
  for (const [section, node] of over.content) {
    const under = top.get(section);
    if (section === "include" && Array.isArray(under?.content) && Array.isArray(node.content)) {
      top.set(section, withContent(node, [...under.content, ...node.content]));
    } else if (!isTable(under?.content) || !isTable(node.content) || node.tag) {
      put(top, section, merge(under, node, `/${section}`));
    } else {
      const entries = new Map(under.content);
      for (const [name, entry] of node.content) {
        put(entries, name, merge(entries.get(name), entry, ""));
      }
      top.set(section, withContent(node, entries));
    }
  }
  return withContent(over, top);
}

/** Whether `!reset` is somewhere in it. */
export function hasReset({ tag, content }: Node): boolean {
  if (tag === "reset") return true;
  if (Array.isArray(content)) return content.some(hasReset);
  return isTable(content) && [...content.values()].some(hasReset);
}

/** Takes away what `!reset` marks where nothing was to be merged. */
export function dropResets(node: Node): Node {
  const { content } = node;
  if (Array.isArray(content)) {
    return withContent(node, content.filter(({ tag }) => tag !== "reset").map(dropResets));
  }
  if (!isTable(content)) return node;
  const kept = [...content].filter(([, { tag }]) => tag !== "reset");
  return withContent(node, new Map(kept.map(([name, item]) => [name, dropResets(item)])));
}

function mergeTables(base: Table, over: Table, path: string): Table {
  const merged = new Map(base);
  for (const [name, node] of over) {
    put(merged, name, merge(base.get(name), node, path === "" ? name : `${path}.${name}`));
  }
  return merged;
}

function put(table: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) table.delete(name);
  else table.set(name, node);
}

function mergeLists(
  base: readonly Node[],
  over: readonly Node[],
  identity: (node: Node) => string,
) {
  const merged = new Map<string, Node>();
  for (const node of [...base, ...over]) merged.set(identity(node), node);
  return [...merged.values()];
}

/** Both in the form that can be merged: short forms become long ones where they are maps. */
function alike(base: Node, over: Node, path: string): [Node, Node] {
  if (PAIRS.has(path)) return [asTable(base, "="), asTable(over, "=")];
  if (path === "extra_hosts") return [asTable(base, "=:"), asTable(over, "=:")];
  if (path === "build" || path === "extends") {
    const key = path === "build" ? "context" : "service";
    return [asLong(base, key), asLong(over, key)];
  }
  if (path === "networks" || path === "depends_on") {
    if (Array.isArray(base.content) && Array.isArray(over.content)) return [base, over];
    return [asNames(base, path), asNames(over, path)];
  }
  if (["dns", "dns_search", "env_file", "label_file", "profiles", "tmpfs"].includes(path)) {
    return [asList(base), asList(over)];
  }
  return [base, over];
}

function asTable(node: Node, separators: string): Node {
  if (!Array.isArray(node.content)) return node;
  const entries = node.content.flatMap((item): [string, Node][] => {
    if (typeof item.content !== "string") return [["", item]];
    const at = [...item.content].findIndex((char) => separators.includes(char));
    if (at < 0) return [[item.content, { ...item, content: null }]];
    return [[item.content.slice(0, at), textAt(item, item.content.slice(at + 1))]];
  });
  return withContent(node, new Map(entries));
}

function asLong(node: Node, key: string): Node {
  return typeof node.content === "string"
    ? withContent(node, new Map([[key, { ...node, tag: undefined }]]))
    : node;
}

function asList(node: Node): Node {
  return Array.isArray(node.content) ? node : withContent(node, [node]);
}

function asNames(node: Node, path: string): Node {
  if (!Array.isArray(node.content)) return node;
  const plain = (item: Node): Node =>
    path === "networks"
      ? { ...item, content: null }
      : withContent(item, new Map([["condition", textAt(item, "service_started")]]));
  return withContent(
    node,
    new Map(node.content.map((item) => [String(item.content), plain(item)])),
  );
}

function leaf(node: Node, key: string): string {
  const value = isTable(node.content) ? node.content.get(key)?.content : undefined;
  return typeof value === "object" ? "" : String(value ?? "");
}

function mountTarget(node: Node): string {
  if (isTable(node.content)) return posix.normalize(leaf(node, "target"));
  const parts = String(node.content).split(":");
  return posix.normalize(parts[1] ?? parts[0] ?? "");
}

function fileTarget(node: Node): string {
  return isTable(node.content)
    ? leaf(node, "target") || leaf(node, "source")
    : String(node.content);
}

function textOf(node: Node): string {
  return typeof node.content === "object"
    ? `${node.file}:${node.line}:${node.column} ${node.key}`
    : String(node.content);
}
