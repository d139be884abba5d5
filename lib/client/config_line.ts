/**
 * One line of an ssh_config file, and the patterns in it, read as OpenSSH reads them.
 * @module
 */

/** A keyword, in lower case, and its arguments. */
export interface ConfigLine {
  keyword: string;
  args: string[];
}

/** Reads a line; undefined for an empty one or a comment. @throws {Error} saying what is wrong. */
export function readLine(text: string): ConfigLine | undefined {
  const [, keyword = "", rest = ""] = /^[\s=]*("[^"]*"|[^\s="]+)\s*(?:=\s*)?([^]*)$/.exec(text) ??
    [];
  if (keyword === "" || keyword.startsWith("#")) return undefined;
  const name = keyword.replaceAll('"', "");
  if (rest.trim() === "") throw new Error(`no argument after ${name}`);
  // The rest of such a line is for a shell.
  const args = /^(proxycommand|localcommand|remotecommand|knownhostscommand)$/i.test(name)
    ? [rest.trim()]
    : splitWords(rest);
  if (args.length === 0) throw new Error(`no argument after ${name}`);
  return { keyword: name.toLowerCase(), args };
}

/** Splits at blanks, minds quotes and backslashes, ends at a comment. @throws {Error} for an open quote. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (/[ \t\r\f\n]/.test(text[at] ?? "")) at++;
    if (at >= text.length || text[at] === "#") return words;
    let word = "";
    let quote = "";
    for (; at < text.length; at++) {
      const char = text[at] ?? "";
      const next = text[at + 1] ?? "";
      if (char === "\\" && (/['"\\]/.test(next) || (quote === "" && next === " "))) {
        word += next;
        at++;
      } else if (quote === "" && /[ \t\r\f\n]/.test(char)) break;
      else if (quote === "" && /['"]/.test(char)) quote = char;
      else if (char === quote) quote = "";
      else word += char;
    }
    if (quote !== "") throw new Error("a quote is not closed");
    words.push(word);
  }
}

/** Whether `text` is all of `pattern`, where `*` is anything and `?` one character. */
export function matchesPattern(text: string, pattern: string): boolean {
  // Two pointers and one way back: a regular expression would take for ever on some patterns.
  let [at, star, resume] = [0, -1, 0];
  let p = 0;
  while (at < text.length) {
    if (p < pattern.length && pattern[p] === "*") [star, resume] = [p++, at];
    else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[at])) {
      p++;
      at++;
    } else if (star >= 0) [p, at] = [star + 1, ++resume];
    else return false;
  }
  return /^\**$/.test(pattern.slice(p));
}

/** Whether one of `patterns` fits and none of those with `!` does. */
export function matchesAny(text: string, patterns: readonly string[]): boolean {
  const negated = patterns.filter((pattern) => pattern.startsWith("!"));
  if (negated.some((pattern) => matchesPattern(text, pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matchesPattern(text, pattern));
}
