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

const [NEWLINE, BLANK, DOLLAR, DASH, QUESTION, BRACE] = [10, 32, 36, 45, 63, 123];

/** By character code: 1 for what takes the parser time, 2 for what opens a level, -1 for what closes one. */
const WEIGHTS: number[] = [];
for (const char of "\n,&*!\"'|>") WEIGHTS[char.charCodeAt(0)] = 1;
for (const char of "[{") WEIGHTS[char.charCodeAt(0)] = 2;
for (const char of "]}") WEIGHTS[char.charCodeAt(0)] = -1;

/**
 * Refuses what would keep the parser busy. @throws {TooMuch}
 */
export function survey(text: string): void {
  if (text.length > SIZE) throw new TooMuch(`is longer than ${SIZE} characters`);
  let depth = 0, parts = 0, dashes = 0, width = 0, before = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Letters and digits are most of it.
    if (code > 96 && code < 123) dashes = 0;
    else {
      const weight = WEIGHTS[code] ?? 0;
      if (code === NEWLINE) {
        if (at - width > WIDTH) throw new TooMuch(`has a line of more than ${WIDTH} characters`);
        width = at;
      }
      if (weight !== 0) parts++;
      if (weight > 1 && !(code === BRACE && before === DOLLAR)) depth++;
      else if (weight < 0) depth = Math.max(0, depth - 1);
      // "- - - -" and "? ? ? ?" nest without a bracket.
      if (code === DASH || code === QUESTION) dashes++;
      else if (code !== BLANK) dashes = 0;
      if (depth > NESTING || dashes > NESTING) throw new TooMuch(`nests deeper than ${DEPTH}`);
    }
    before = code;
  }
  if (text.length - width > WIDTH) throw new TooMuch(`has a line of more than ${WIDTH} characters`);
  if (parts > PARTS) {
    throw new TooMuch(`has more than ${PARTS} lines, brackets, quotes and the like`);
  }
}
