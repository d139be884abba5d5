/**
 * Reads nodes as what they should be; what they are not becomes a problem.
 * @module
 */
import { split } from "shlex";
import { isTable, type Node, type Table } from "./node.ts";
import { finding, type Report, type Where } from "./problem.ts";

const EMPTY: Table = new Map();
const TEXT = /^(?!-)/;
/** Characters a text of a certain look may have: what matches is only looked for in short ones. */
const LENGTH = 1024;
/** Anything, newlines too, of any length. */
export const ANY = /[^]?/;

/** A list or one text alone; null and absent values are an empty one. */
export function items(node: Node | undefined): readonly Node[] {
  if (node === undefined || node.content === null) return [];
  return Array.isArray(node.content) ? node.content : [node];
}

/** One `A=b` of a map or of a list. */
export interface Pair {
  /** null where a name stands alone. */
  value: string | null;
  node: Node;
}

/** Reads nodes; every method reports a problem and returns something empty for what it cannot read. */
export class Reader {
  constructor(readonly report: Report) {}

  /** Reports something that cannot be read. */
  problem(at: Where, message: string): void {
    this.report(finding("problem", at, message));
  }

  /** Reports something that is not allowed, whatever the config says. */
  violation(at: Where, message: string): void {
    this.report(finding("violation", at, message));
  }

  /** Reports something that has no effect. */
  note(at: Where, message: string): void {
    this.report(finding("note", at, message));
  }

  /** A map. */
  table(node: Node | undefined): Table {
    if (node === undefined || node.content === null) return EMPTY;
    if (isTable(node.content)) return node.content;
    this.problem(node, "expected a map");
    return EMPTY;
  }

  /** A map with these keys only; others are violations, `x-` keys are nobody's business. */
  tableOf(node: Node | undefined, keys: readonly string[]): Table {
    const table = this.table(node);
    for (const [name, value] of table) {
      if (keys.includes(name) || (name.startsWith("x-") && !name.startsWith("x-podman"))) continue;
      this.violation(value, `${JSON.stringify(name)} is not supported here`);
    }
    return table;
  }

  /** Text of a certain look. */
  text(
    node: Node | undefined,
    grammar = TEXT,
    expected = 'text that does not begin with "-"',
  ): string | undefined {
    if (node === undefined || node.content === null) return undefined;
    const { content } = node;
    const fits = typeof content === "string" && (grammar === ANY || content.length <= LENGTH);
    if (fits && grammar.test(content) && !content.includes("\0")) return content;
    this.problem(node, `${shown(content)} is not expected here, but ${expected}`);
    return undefined;
  }

  /** true or false, also as YAML 1.1 wrote it. */
  flag(node: Node | undefined): boolean {
    if (node === undefined || node.content === null) return false;
    const { content } = node;
    if (typeof content === "string") {
      if (/^(true|yes|on|y)$/i.test(content)) return true;
      if (/^(false|no|off|n|)$/i.test(content)) return false;
    }
    this.problem(node, `${shown(content)} is not expected here, but true or false`);
    return false;
  }

  /** A list. */
  list(node: Node | undefined): readonly Node[] {
    if (node === undefined || node.content === null || Array.isArray(node.content)) {
      return items(node);
    }
    this.problem(node, "expected a list");
    return [];
  }

  /** A list of texts, or one text alone. */
  texts(node: Node | undefined, grammar?: RegExp, expected?: string): string[] {
    const list = typeof node?.content === "string" ? [node] : this.list(node);
    return list.flatMap((item) => this.text(item, grammar, expected) ?? []);
  }

  /** `{ A: b }` or `[ "A=b" ]`. */
  pairs(node: Node | undefined, names = /^[^=\0\r\n]+$/): Map<string, Pair> {
    const pairs = new Map<string, Pair>();
    const add = (name: string, value: Node["content"], at: Node) => {
      if (!names.test(name)) this.problem(at, `${JSON.stringify(name)} is no name`);
      else if (value !== null && typeof value === "object") this.problem(at, "expected text");
      else if (String(value).includes("\0")) this.problem(at, "holds a NUL, expected text");
      else pairs.set(name, { value: value === null ? null : String(value), node: at });
    };
    if (node !== undefined && Array.isArray(node.content)) {
      for (const item of node.content) {
        const text = this.text(item, ANY, "NAME=VALUE") ?? "";
        const equals = text.indexOf("=");
        if (equals < 0) add(text, null, item);
        else add(text.slice(0, equals), text.slice(equals + 1), item);
      }
    } else for (const [name, value] of this.table(node)) add(name, value.content, value);
    return pairs;
  }

  /** Pairs of which each has a value. */
  values(node: Node | undefined, names?: RegExp): Record<string, string> {
    const pairs = [...this.pairs(node, names)];
    return Object.fromEntries(pairs.map(([name, { value }]) => [name, value ?? ""]));
  }

  /** A command: a list of words, or one text that is split as a shell would. */
  words(node: Node | undefined): string[] | undefined {
    if (node === undefined || node.content === null) return undefined;
    if (typeof node.content !== "string") {
      return this.list(node).flatMap((item) => this.text(item, ANY, "text") ?? []);
    }
    try {
      return split(node.content);
    } catch {
      this.problem(node, "a quote is never closed");
      return [];
    }
  }

  /** Refuses values of the config, which may be secrets, where they would show in somebody's argv. */
  hidden(node: Node | undefined, secrets: ReadonlySet<string>): void {
    if (node === undefined || secrets.size === 0) return;
    for (const name of node.used) {
      if (!secrets.has(name)) continue;
      this.problem(
        node,
        `${name} comes from the config, it may be a secret and would show in argv: expected it in environment only`,
      );
    }
    if (Array.isArray(node.content)) {
      for (const item of node.content) {
        this.hidden(item, secrets);
      }
    } else if (isTable(node.content)) {
      for (const item of node.content.values()) this.hidden(item, secrets);
    }
  }
}

function shown(content: Node["content"]): string {
  return (typeof content === "object" ? "this" : JSON.stringify(content)).slice(0, 200);
}
