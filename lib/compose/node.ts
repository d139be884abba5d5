/**
 * Values of compose files with where they stand, what they are relative to and which variables went into them.
 * @module
 */
import type { Where } from "./problem.ts";

/** What a node holds. Numbers and flags are the text that stood there, so that `0644` stays what it was. */
export type Content = string | null | Node[] | ReadonlyMap<string, Node>;

/** One value. */
export interface Node extends Where {
  content: Content;
  /** Directory its relative paths are relative to, from the top of the repository: `.`, `deploy`. */
  base: string;
  /** Variables that went into its text. */
  used: ReadonlySet<string>;
  /** How it is merged over another value: takes its place, or takes it away. */
  tag?: "override" | "reset";
}

/** A map of nodes. */
export type Table = ReadonlyMap<string, Node>;

/** No variables. */
export const NONE: ReadonlySet<string> = new Set();

/** Whether a node is a map, a list. */
export function isTable(content: Content | undefined): content is Table {
  return content instanceof Map;
}

/** `node` with another content. */
export function withContent(node: Node, content: Content): Node {
  return { ...node, content };
}

/** A text that stands where `node` does, as if somebody had written it there. */
export function textAt(node: Node, text: string, used: ReadonlySet<string> = node.used): Node {
  return { ...node, content: text, used, tag: undefined };
}

/** The name of a value below `key`. */
export function keyOf(key: string, part: string | number): string {
  if (typeof part === "number") return `${key}[${part}]`;
  return key === "" ? part : `${key}.${part}`;
}

/** `node` under another key, with everything below it; places stay. */
export function rekey(node: Node, key: string): Node {
  const { content } = node;
  if (Array.isArray(content)) {
    return { ...node, key, content: content.map((item, at) => rekey(item, keyOf(key, at))) };
  }
  if (isTable(content)) {
    const entries = [...content].map(([name, item]) =>
      [name, rekey(item, keyOf(key, name))] as const
    );
    return { ...node, key, content: new Map(entries) };
  }
  return { ...node, key };
}

/** How many values a node holds, itself counted. */
export function weigh({ content }: Node): number {
  if (Array.isArray(content)) return content.reduce((sum, item) => sum + weigh(item), 1);
  if (!isTable(content)) return 1;
  let sum = 1;
  for (const item of content.values()) sum += weigh(item);
  return sum;
}

/** Variables that went into a node or anything below it. */
export function variablesIn(node: Node | undefined): Set<string> {
  const found = new Set<string>(node?.used);
  const below = Array.isArray(node?.content)
    ? node.content
    : isTable(node?.content)
    ? node.content.values()
    : [];
  for (const item of below) for (const name of variablesIn(item)) found.add(name);
  return found;
}
