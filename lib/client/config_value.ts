/**
 * Values of ssh_config keywords, and durations as pgoctl's own options have them.
 * @module
 */

/** Milliseconds of `30`, `30s`, `1m30s`, `500ms`, `2h`; a number alone is seconds. @throws {Error} */
export function parseDuration(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
  const parts = [...text.toLowerCase().matchAll(/(\d{1,9})(ms|[smhdw])?/g)];
  const whole = parts.map(([part]) => part).join("");
  const total = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? "s"] ?? 0),
    0,
  );
  if (
    whole !== text.toLowerCase() || total <= 0 || parts.slice(0, -1).some(([, , unit]) => !unit)
  ) {
    throw new Error(`${JSON.stringify(text)} is no duration, expected one such as 30s or 1m30s`);
  }
  return total;
}

/** A port. @throws {Error} */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw new Error(`${text} is no port, expected 1 to 65535`);
}

/** `yes`, `no`, and what else a keyword takes. @throws {Error} */
export function parseWord<Word extends string>(text: string, words: readonly Word[]): Word {
  const lower = { true: "yes", false: "no" }[text.toLowerCase()] ?? text.toLowerCase();
  const word = words.find((word) => word === lower);
  if (word) return word;
  throw new Error(`${JSON.stringify(text)} is not one of ${words.join(", ")}`);
}

/** What `%` tokens and `${…}` in a path stand for. */
export interface Tokens {
  home: string;
  /** By letter, without the `%`. */
  percent: Record<string, string>;
  env(name: string): string | undefined;
}

/** A path with `~`, `%h` and the like, and `${HOME}` put in. @throws {Error} for what pgoctl cannot know. */
export function expandPath(text: string, { home, percent, env }: Tokens): string {
  const named = text.replace(/\$\{([^}]*)\}/g, (_, name) => {
    const value = env(name);
    if (value === undefined) throw new Error(`pgoctl does not read the variable ${name}`);
    return value;
  });
  return (named === "~" || named.startsWith("~/") ? home + named.slice(1) : named)
    .replace(/%(.?)/g, (token, letter) => {
      const value = letter === "%" ? "%" : percent[letter];
      if (value === undefined) throw new Error(`pgoctl does not know ${token}`);
      return value;
    });
}
