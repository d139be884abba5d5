import assert from "node:assert/strict";
import fc from "fast-check";
import { matchesAny, matchesPattern, splitWords } from "../../lib/client/config_line.ts";
import { expandPath, parseDuration, parsePort } from "../../lib/client/config_value.ts";

Deno.test("durations", () => {
  const good = { "30": 30e3, "30s": 30e3, "1m30s": 90e3, "500ms": 500, "2h": 72e5, "1M": 6e4 };
  for (const [text, ms] of Object.entries(good)) assert.equal(parseDuration(text), ms, text);
  for (const text of ["", "0", "s", "-1s", "1.5s", "1 m", "5x", "10 30", "soon"]) {
    assert.throws(() => parseDuration(text), /is no duration, expected one such as 30s/, text);
  }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 59 }), fc.integer({ min: 1, max: 59 }), (m, s) => {
      assert.equal(parseDuration(`${m}m${s}s`), (m * 60 + s) * 1000);
    }),
  );
});

Deno.test("ports", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 65535 }), (port) => {
    assert.equal(parsePort(`${port}`), port);
  }));
  for (const text of ["", "0", "65536", "22x", "-1", "1e3", "0x10", "ssh"]) {
    assert.throws(() => parsePort(text), /is no port/, text);
  }
});

const TOKENS = {
  home: "/home/ann",
  percent: { h: "web.example", n: "web", d: "/home/ann" },
  env: (name: string) => ({ HOME: "/home/ann" })[name],
};
Deno.test("paths with ~, tokens and variables", () => {
  const paths = {
    "~/.ssh/id": "/home/ann/.ssh/id",
    "%d/.ssh/%h%%%n": "/home/ann/.ssh/web.example%web",
    "${HOME}/id": "/home/ann/id",
    "a~/%n": "a~/web",
  };
  for (const [text, path] of Object.entries(paths)) assert.equal(expandPath(text, TOKENS), path);
  assert.throws(() => expandPath("/%C", TOKENS), /pgoctl does not know %C/);
  assert.throws(() => expandPath("/${SECRET}", TOKENS), /pgoctl does not read the variable SECRET/);
});

Deno.test("quoted words are read back whole, whatever they hold", () =>
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" })), (words) => {
    const quoted = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`);
    assert.deepEqual(splitWords(quoted.join(" \t")), words);
  })));

Deno.test("patterns fit as a regular expression says, and none takes for ever", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
  fc.assert(fc.property(pattern, text, (pattern, text) => {
    const source = pattern.replaceAll("*", ".*").replaceAll("?", ".");
    assert.equal(matchesPattern(text, pattern), new RegExp(`^${source}$`).test(text));
    assert.equal(matchesAny(text, ["*", `!${pattern}`]), !matchesPattern(text, pattern));
  }));
  assert.equal(matchesPattern("a".repeat(50_000), "*a".repeat(25) + "b"), false);
});
