/**
 * YAML into plain values with their places, interpolated: scalars stay the text their author wrote.
 * @module
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
} from "yaml";
import { interpolate } from "./interpolate.ts";
import type { Place, Problem } from "./problem.ts";

/** A value of a compose file. Numbers are the text that stood there, so that `0644` stays what it was. */
export type Value = string | boolean | null | Value[] | { [key: string]: Value };

/** A YAML file that was read. */
export interface ComposeDocument {
  value: Value;
  /** Where the value at `key` stands; its nearest parent's place when it has none. */
  place(key: string): Place;
  /** Variables that went into the value at `key` or below. */
  variables(key: string): Set<string>;
}

/** Characters a compose file may have, how deep it may nest, how many values it may have with its aliases. */
const SIZE = 512 * 1024;
const DEPTH = 40;
const VALUES = 100_000;

/** Thrown when a file is too much to read. */
class TooMuch extends Error {}

/** Reads YAML 1.2 `text` of `file`, with merge keys and `variables` in its values. Problems go to `report`. */
export function readDocument(
  text: string,
  file: string,
  variables: Readonly<Record<string, string>>,
  report: (problem: Problem) => void,
): ComposeDocument {
  const lines = new LineCounter();
  const places = new Map<string, Place>();
  const used = new Map<string, Set<string>>();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const place = (key: string): Place => {
    for (let name = key; name !== ""; name = name.replace(/(\.|\[|^)[^.[]*$/, "")) {
      const known = places.get(name);
      if (known) return known;
    }
    return { file, line: 1, column: 1 };
  };
  const variablesIn = (key: string) =>
    new Set(
      [...used].filter(([at]) => at === key || at.startsWith(`${key}.`) || at.startsWith(`${key}[`))
        .flatMap(([, names]) => [...names]),
    );
  const empty = { value: null, place, variables: variablesIn };
  if (text.length > SIZE) {
    report({ file, line: 1, column: 1, key: "", message: `is longer than ${SIZE} characters` });
    return empty;
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    version: "1.2",
    merge: false,
    uniqueKeys: true,
  });
  for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, 20)) {
    report({ ...placeAt(pos[0]), key: "", message: message.split("\n")[0] ?? "no YAML" });
  }
  if (document.errors.length > 0) return empty;
  let count = 0;

  function visit(node: Node | null, key: string, depth: number): Value {
    if (++count > VALUES) {
      throw new TooMuch(`has more than ${VALUES} values once its aliases are filled in`);
    }
    if (depth > DEPTH) throw new TooMuch(`nests deeper than ${DEPTH}`);
    if (node?.range && !isAlias(node)) places.set(key, placeAt(node.range[0]));
    if (isAlias(node)) return visit(follow(document, node), key, depth + 1);
    if (node?.tag && !node.tag.startsWith("tag:yaml.org,2002:")) {
      report({ ...place(key), key, message: `the tag ${node.tag} is not supported` });
    }
    if (isSeq(node)) {
      return node.items.map((item, at) => visit(item as Node, `${key}[${at}]`, depth + 1));
    }
    if (isMap(node)) return visitMap(node, key, depth);
    return scalar(node, key);
  }

  function visitMap(
    node: { items: { key: unknown; value: unknown }[] },
    key: string,
    depth: number,
  ): Value {
    const own: { [key: string]: Value } = {};
    const merged: { [key: string]: Value } = {};
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : undefined;
      if (name === undefined) {
        report({ ...place(key), key, message: "a key that is no text, expected a name" });
        continue;
      }
      if (name === "<<") {
        const parents = visit(pair.value as Node, key, depth + 1);
        for (const parent of Array.isArray(parents) ? parents : [parents]) {
          if (parent === null || typeof parent !== "object" || Array.isArray(parent)) {
            report({ ...place(key), key, message: "<< merges no map" });
          } else {for (const [from, value] of Object.entries(parent)) {
              if (!Object.hasOwn(merged, from)) merged[from] = value;
            }}
        }
      } else {
        const at = key === "" ? name : `${key}.${name}`;
        Object.defineProperty(own, name, {
          value: visit(pair.value as Node | null, at, depth + 1),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
    return { ...merged, ...own };
  }

  function scalar(node: Node | null, key: string): Value {
    if (!isScalar(node) || node.value === null || typeof node.value === "boolean") {
      return isScalar(node) ? node.value as boolean | null : null;
    }
    const plain = node.type === Scalar.PLAIN && typeof node.value !== "string";
    const written = plain ? node.source ?? String(node.value) : String(node.value);
    try {
      const { text, used: names } = interpolate(written, variables);
      if (names.size > 0) used.set(key, names);
      return text;
    } catch (error) {
      report({ ...place(key), key, message: (error as Error).message });
      return "";
    }
  }

  try {
    return { value: visit(document.contents as Node | null, "", 0), place, variables: variablesIn };
  } catch (error) {
    const message = error instanceof TooMuch || error instanceof RangeError
      ? error.message
      : String(error);
    report({ file, line: 1, column: 1, key: "", message });
    return empty;
  }
}

function follow(document: Document, alias: Parameters<typeof isAlias>[0]): Node | null {
  return (alias as { resolve(doc: Document): Node | undefined }).resolve(document) ?? null;
}
