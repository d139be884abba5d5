/**
 * Where a service's repository is, with its credentials kept apart from what may be shown.
 * @module
 */

/** A Git remote. `url` never holds a password: it is safe for argv, logs and errors. */
export interface Repository {
  url: string;
  /** From `https://user:token@host/…`; handed to git in its environment only. */
  credentials?: { username: string; password: string };
}

const SCHEMES = ["https:", "http:", "ssh:", "git:", "file:"];
const EXPECTED = "expected https://, ssh://, git://, file://, user@host:path or an absolute path";

/** Reads a config `repository`. @throws {Error} whose message never repeats the text (it may hold a token). */
export function parseRepository(text: string): Repository {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20\x7f]/.test(text)) {
    throw new Error(`a repository holds no blanks or control characters, ${EXPECTED}`);
  }
  if (text.startsWith("/")) return { url: text };
  if (/^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^:]/.test(text)) return { url: text };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !SCHEMES.includes(url.protocol) || !text.includes("://")) {
    throw new Error(`this is no repository PGO can clone, ${EXPECTED}`);
  }
  if (url.protocol !== "file:" && (!url.hostname || url.hostname.startsWith("-"))) {
    throw new Error(`the repository names no host, ${EXPECTED}`);
  }
  if (!url.username && !url.password) return { url: text };
  if (url.protocol === "ssh:") {
    if (url.password) {
      throw new Error("an ssh:// repository takes no password, use a key of the service's user");
    }
    return { url: text };
  }
  const credentials = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(credentials.username + credentials.password)) {
    throw new Error(`the repository's credentials hold control characters, ${EXPECTED}`);
  }
  url.username = url.password = "";
  return { url: url.href, credentials };
}

/** Reads the text of a `git_credentials` file. @throws {Error} whose message never repeats it. */
export function parseCredentials(text: string): NonNullable<Repository["credentials"]> {
  const [, username, password] = /^([^:]+):(.+)$/.exec(text.trim()) ?? [];
  if (username === undefined || password === undefined) {
    throw new Error('this is no line of the form "USER:TOKEN"');
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text.trim())) {
    throw new Error('more than one line, or control characters, expected "USER:TOKEN"');
  }
  return { username, password };
}

/** Whether Git reaches a repository's `url` through SSH. */
export function isSsh(url: string): boolean {
  return /^ssh:/.test(url) || /^[^/:]+@[^/:]+:/.test(url);
}
