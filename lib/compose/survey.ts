/**
 * What is looked at before a YAML file is read, and before its aliases are filled in.
 * @module
 */
import { type Alias, type Document, type Node as YamlNode, visit } from "yaml";
import { TooMuch } from "./budget.ts";

/** Characters a file may have. */
const SIZE = 512 * 1024;
/** How deep it may nest. */
export const DEPTH = 40;
/** The same, counted before YAML is read: what may stand in texts and comments counts too. */
const NESTING = 400;
const PARTS = 16_000;
/** Characters of a line. */
const WIDTH = 130_000;

/** What each alias stands for; the library looks for it through the whole file, each time. */
export function aliasTargets(document: Document): Map<Alias, YamlNode> {
  const anchors = new Map<string, YamlNode>();
  const targets = new Map<Alias, YamlNode>();
  visit(document, {
    Value: (_, node) => void (node.anchor && anchors.set(node.anchor, node)),
    Alias: (_, node) => {
      const target = anchors.get(node.source);
      if (target) targets.set(node, target);
    },
  });
  return targets;
}

/**
 * Refuses what would keep the parser busy. @throws {TooMuch}
 */
export function survey(text: string): void {
  if (text.length > SIZE) throw new TooMuch(`is longer than ${SIZE} characters`);
  let depth = 0, deepest = 0, parts = 0, dashes = 0;
  let before = "", width = 0;
  for (const char of text) {
    if (char === "[" || (char === "{" && before !== "$")) deepest = Math.max(deepest, ++depth);
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
    if (char === "\n") width = 0;
    else if (++width > WIDTH) throw new TooMuch(`has a line of more than ${WIDTH} characters`);
    if ("\n,&*!\"[]{}>|'".includes(char)) parts++;
    // "- - - -" and "? ? ? ?" nest without a bracket.
    if (char === "-" || char === "?") dashes++;
    else if (char !== " ") dashes = 0;
    if (deepest > NESTING || dashes > NESTING) throw new TooMuch(`nests deeper than ${DEPTH}`);
    before = char;
  }
  if (parts > PARTS) {
    throw new TooMuch(`has more than ${PARTS} lines, brackets, quotes and the like`);
  }
}
