/**
 * Reads values of a compose document as what they should be; what they are not becomes a problem.
 * @module
 */
import { split } from "shlex";
import type { ComposeDocument, Value } from "./document.ts";
import type { Problem } from "./problem.ts";

/** A map of a compose file. */
export type Table = { [key: string]: Value };

/** Reads values at keys; every method reports a problem and returns something empty for what it cannot read. */
export class Reader {
  constructor(readonly document: ComposeDocument, readonly report: (problem: Problem) => void) {}

  /** Reports a problem with the value at `key`. */
  problem(key: string, message: string): void {
    this.report({ ...this.document.place(key), key, message });
  }

  table(value: Value | undefined, key: string): Table {
    if (value === undefined || value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value;
    this.problem(key, "expected a map");
    return {};
  }

  text(
    value: Value | undefined,
    key: string,
    grammar = /^(?!-)/,
    expected = 'text that does not begin with "-"',
  ): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" && grammar.test(value) && !value.includes("\0")) return value;
    this.problem(key, `${JSON.stringify(value)} given, expected ${expected}`);
    return undefined;
  }

  flag(value: Value | undefined, key: string): boolean {
    if (value === undefined || value === null) return false;
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    this.problem(key, `${JSON.stringify(value)} given, expected true or false`);
    return false;
  }

  list(value: Value | undefined, key: string): { value: Value; key: string }[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) {
      return value.map((item, at) => ({ value: item, key: `${key}[${at}]` }));
    }
    this.problem(key, "expected a list");
    return [];
  }

  /** A list of texts, or one text alone. */
  texts(value: Value | undefined, key: string, grammar?: RegExp, expected?: string): string[] {
    const list = typeof value === "string" ? [{ value, key }] : this.list(value, key);
    return list.flatMap((item) => this.text(item.value, item.key, grammar, expected) ?? []);
  }

  /** `{ A: b }` or `[ "A=b" ]`; null where a name stands alone. */
  pairs(value: Value | undefined, key: string): Record<string, string | null> {
    const pairs: Record<string, string | null> = {};
    const add = (name: string, given: Value, at: string) => {
      if (!/^[^=\0\s]+$/.test(name)) this.problem(at, `${JSON.stringify(name)} is no name`);
      else if (given === null || typeof given === "string") pairs[name] = given;
      else if (typeof given === "boolean") pairs[name] = String(given);
      else this.problem(at, "expected text");
    };
    if (Array.isArray(value)) {
      for (const { value: item, key: at } of this.list(value, key)) {
        const text = this.text(item, at, /[^]/, "NAME=VALUE") ?? "";
        const equals = text.indexOf("=");
        if (equals < 0) add(text, null, at);
        else add(text.slice(0, equals), text.slice(equals + 1), at);
      }
    } else {
      for (const [name, given] of Object.entries(this.table(value, key))) {
        add(name, given, `${key}.${name}`);
      }
    }
    return pairs;
  }

  /** A command: a list of words, or one text that is split as a shell would. */
  words(value: Value | undefined, key: string): string[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") return this.texts(value, key, /[^]?/, "text");
    try {
      return split(value);
    } catch {
      this.problem(key, "a quote is never closed");
      return [];
    }
  }
}
