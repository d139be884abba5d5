/**
 * YAML into nodes, interpolated: scalars stay the text their author wrote.
 * @module
 */
import "./quiet_yaml.ts";
import {
  type Alias,
  type CollectionTag,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node as YamlNode,
  type Pair,
  parseDocument,
  Scalar,
  type ScalarTag,
  type YAMLMap,
} from "yaml";
import { type Budget, TooMuch } from "./budget.ts";
import { interpolate, type Variables } from "./interpolate.ts";
import { isTable, keyOf, type Node, NONE, rekey, type Table, weigh } from "./node.ts";
import { finding, type Report } from "./problem.ts";
import { aliasTargets, DEPTH, survey } from "./survey.ts";

const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;
const identity = <Value>(value: Value) => value;
const MERGE_TAGS: (ScalarTag | CollectionTag)[] = ["!reset", "!override"].flatMap((tag) => [
  { tag, resolve: identity },
  { tag, collection: "map", resolve: identity },
  { tag, collection: "seq", resolve: identity },
]);

/** How a file is read. */
export interface DocumentOptions {
  file: string;
  /** Directory that its relative paths are relative to. */
  base: string;
  variables: Variables;
  budget: Budget;
}

/** Reads YAML 1.2 `text` with merge keys; undefined, and reported, when that cannot be done. */
export function readDocument(
  text: string,
  { file, base, variables, budget }: DocumentOptions,
  report: Report,
): Node | undefined {
  const lines = new LineCounter();
  const top = { file, line: 1, column: 1, key: "" };
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: Document;
  let targets: ReadonlyMap<Alias, YamlNode>;

  /** `from` is where its key or list begins; a block below a key counts as standing at that key. */
  function visit(
    node: YamlNode | null,
    key: string,
    depth: number,
    from: number,
    named = false,
  ): Node {
    budget.takeValues(1);
    if (depth > DEPTH) throw new TooMuch(`nests deeper than ${DEPTH}`);
    if (isAlias(node)) {
      return visit(targets.get(node as Alias) ?? null, key, depth + 1, from);
    }
    const block = named && (isMap(node) || isSeq(node)) && !node.flow;
    const start = block ? from : node?.range?.[0] ?? from;
    const { line, col } = lines.linePos(start);
    const at: Node = {
      file,
      line: line || 1,
      column: col || 1,
      key,
      base,
      used: NONE,
      content: null,
    };
    if (node?.tag === "!reset") at.tag = "reset";
    else if (node?.tag === "!override") at.tag = "override";
    else if (node?.tag && !CORE_TAG.test(node.tag)) {
      report(finding("problem", at, `the tag ${node.tag} is not supported`));
    }
    if (isSeq(node)) {
      const items = node.items as YamlNode[];
      at.content = items.map((item, index) => visit(item, keyOf(key, index), depth + 1, start));
    } else if (isMap(node)) at.content = visitMap(node, at, depth, start);
    else scalar(node, at);
    return at;
  }

  function visitMap(node: YAMLMap, at: Node, depth: number, start: number): Table {
    const own = new Map<string, Node>();
    const merged = new Map<string, Node>();
    for (const { key, value } of node.items as Pair<YamlNode, YamlNode | null>[]) {
      if (!isScalar(key)) {
        report(finding("problem", at, "a key that is no text, expected a name"));
        continue;
      }
      const name = String(key.source ?? key.value);
      const from = key.range?.[0] ?? start;
      if (name === "<<" && key.type === Scalar.PLAIN) {
        const parents = visit(value, at.key, depth + 1, from);
        for (const parent of Array.isArray(parents.content) ? parents.content : [parents]) {
          if (!isTable(parent.content)) {
            report(finding("problem", parent, "<< merges no map"));
            continue;
          }
          for (const [name, item] of parent.content) {
            if (!merged.has(name)) merged.set(name, item);
          }
        }
        continue;
      }
      const item = visit(value, keyOf(at.key, name), depth + 1, from, true);
      if (own.has(name)) {
        report(finding("problem", item, "this key is here twice, expected it once"));
      }
      own.set(name, item);
    }
    for (const [name, item] of merged) {
      if (own.has(name)) continue;
      budget.takeValues(weigh(item));
      own.set(name, rekey(item, keyOf(at.key, name)));
    }
    return own;
  }

  function scalar(node: YamlNode | null, at: Node): void {
    if (!isScalar(node) || node.value === null) return;
    const plain = node.type === Scalar.PLAIN && typeof node.value !== "string";
    const written = plain ? node.source ?? String(node.value) : String(node.value);
    if (written.includes("\0")) report(finding("problem", at, "holds a NUL, expected text"));
    if (!written.isWellFormed()) report(finding("problem", at, "holds half a character"));
    try {
      const { text, used, unset } = interpolate(written, variables);
      for (const name of unset) {
        report(finding("note", at, `variable ${name} is not set, it is empty`));
      }
      at.content = text;
      budget.takeCharacters(text.length);
      if (used.size > 0) at.used = used;
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      report(finding("problem", at, (error as Error).message));
      at.content = "";
    }
  }

  try {
    survey(text);
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      version: "1.2",
      merge: false,
      // Looked for below, by their text.
      uniqueKeys: false,
      customTags: MERGE_TAGS,
    });
    for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, 20)) {
      report(
        finding("problem", { ...top, ...placeAt(pos[0]) }, message.split("\n")[0] ?? "no YAML"),
      );
    }
    if (document.errors.length > 0) return undefined;
    targets = aliasTargets(document);
    return visit(document.contents as YamlNode | null, "", 0, 0);
  } catch (error) {
    report(finding("problem", top, (error as Error).message));
    return undefined;
  }
}
