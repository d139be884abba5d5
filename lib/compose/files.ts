/**
 * Opens files of the revision, and nothing else: no path, link or address leads out of it.
 * @module
 */
import { posix } from "node:path";
import { type Budget, TooMuch } from "./budget.ts";
import type { Node } from "./node.ts";
import { finding, type Report, type Where } from "./problem.ts";
import type { Source } from "./source.ts";

/** How many files one compose file may lead to. */
const FILES = 300;

const REMOTE = /^(\w[\w+.-]+:\/\/|git@|github\.com\/|oci:|docker:|data:|https?:)/i;

// deno-lint-ignore no-control-regex
const UNUSUAL = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffd\ufffe\uffff]/;

/** Whether a path is short and has only characters that everybody reads alike. */
export function isPlainPath(path: string): boolean {
  return path.length <= 1024 && !UNUSUAL.test(path) && path.isWellFormed();
}

/** Where `path`, relative to `base`, is from the top of the repository; undefined when that is outside of it. */
export function locate(base: string, path: string): string | undefined {
  if (path.startsWith("/") || path.startsWith("~") || REMOTE.test(path) || !isPlainPath(path)) {
    return undefined;
  }
  const found = posix.normalize(posix.join(base, path)).replace(/(?<=.)\/$/, "");
  return found === ".." || found.startsWith("../") ? undefined : found;
}

/** Opens files of one revision and remembers which. */
export class Files {
  /** Every path that was looked at, whether it was there or not. */
  readonly seen = new Set<string>();
  /** What was read, by path: many services name one env file. */
  readonly #texts = new Map<string, string>();

  constructor(readonly source: Source, readonly report: Report, readonly budget: Budget) {}

  /** Where a path that stands in a compose file is; what lies outside is a violation. */
  locate(node: Node, path: string): string | undefined {
    const found = locate(node.base, path);
    if (found === undefined) {
      const message = `${JSON.stringify(path)} is outside the repository, expected a path in it`;
      this.report(finding("violation", node, message));
    }
    return found;
  }

  /** Text of the file at `path`; undefined, and reported unless that is fine, when there is none. */
  async open(path: string, at: Where, required = true, watch = true): Promise<string | undefined> {
    const refuse = (message: string) =>
      void this.report(finding("problem", at, `${path} ${message}`));
    if (watch) this.seen.add(path);
    if (this.seen.size > FILES) return refuse(`is one file too many, expected at most ${FILES}`);
    if (!await this.isPlain(path, at)) return undefined;
    const kind = await this.source.kind(path);
    if (kind === undefined) {
      return required ? refuse("is not in the repository") : undefined;
    }
    if (kind !== "file") {
      return refuse(`is a ${kind === "other" ? "special file" : kind}, expected a file`);
    }
    const known = this.#texts.get(path);
    if (known !== undefined) {
      this.budget.takeCharacters(known.length);
      return known;
    }
    let bytes: Uint8Array;
    try {
      bytes = await this.source.read(path);
      this.budget.takeCharacters(bytes.length);
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      return void this.report(finding("problem", at, (error as Error).message));
    }
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      this.#texts.set(path, text);
      return text;
    } catch {
      return refuse("is no UTF-8 text");
    }
  }

  /** Whether no part of `path` is a symlink, which could lead out of the repository. */
  async isPlain(path: string, at: Where): Promise<boolean> {
    const steps = path.split("/");
    for (let depth = 1; depth <= steps.length; depth++) {
      const prefix = steps.slice(0, depth).join("/");
      if (prefix === "." || await this.source.kind(prefix) !== "symlink") continue;
      const message = `${prefix} is a symlink, expected a path of the repository itself`;
      this.report(finding("violation", at, message));
      return false;
    }
    return true;
  }
}
