/**
 * Two packages read a config: one its values, the other where they stand. They have to mean the same text.
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "smol-toml";
import { getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import { ConfigError, parseConfig } from "../../lib/config/parse.ts";
import { readToml, TomlError } from "../../lib/config/toml.ts";

const key = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
  fc.string({ minLength: 1, maxLength: 6, unit: "grapheme-ascii" }),
);
const scalar = fc.oneof(
  fc.string({ maxLength: 12, unit: "grapheme" }),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { table } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(scalar, { maxLength: 3 }), tie("table")),
  table: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}));

Deno.test("both readers of TOML find the same values, and the place of each key", () => {
  fc.assert(fc.property(table, (written) => {
    const text = stringify(written as Record<string, unknown>);
    const document = readToml(text);
    const value = structuredClone(document.value);
    assert.deepEqual(value, structuredClone(getStaticTOMLValue(parseTOML(text))));
    const lines = text.split("\n");
    for (const [name, one] of Object.entries(value as object)) {
      // A table may have no line of its own: `[a.b]` makes two.
      if (typeof one === "object" && !Array.isArray(one)) continue;
      const { line } = document.position([name]);
      const bare = JSON.stringify(name).slice(1, -1);
      assert.ok([name, bare].some((form) => lines[line - 1]?.includes(form)), `${name}:\n${text}`);
    }
  }));
});

const WRONG: [text: string, line: number, column: number][] = [
  ["a = ", 1, 5],
  ["a = 1\na = 2", 2, 1],
  ["[t]\n[t]", 2, 2],
  ["a = 1\n[a]", 2, 2],
  ["a = [1\nb = 2", 2, 1],
  ['a = "x', 1, 7],
  ["a = 9223372036854775807", 1, 5],
];
for (const [text, line, column] of WRONG) {
  Deno.test(`no TOML, in one line, with its place: ${JSON.stringify(text)}`, () => {
    assert.throws(() => readToml(text), (error) => {
      assert.ok(error instanceof TomlError);
      assert.deepEqual([error.position.line, error.message.includes("\n")], [line, false]);
      assert.equal(error.position.column, column);
      return true;
    });
  });
}

for (
  const text of [
    `a = ${"[".repeat(50_000)}${"]".repeat(50_000)}`,
    `a = ${"{a=".repeat(5_000)}1${"}".repeat(5_000)}`,
    "[".repeat(5_000),
  ]
) {
  Deno.test(`what nests too deep is no TOML: ${text.slice(0, 8)}…`, () => {
    assert.throws(() => readToml(text), TomlError);
    assert.throws(() => parseConfig(text, "pgo.toml"), ConfigError);
  });
}

Deno.test("byte order marks before a config are no part of it", () => {
  const text = "\ufeff\ufeff[[services]]\nnonsense = 1\n";
  assert.deepEqual(readToml(text).position(["services", 0, "nonsense"]), { line: 2, column: 1 });
  assert.throws(() => parseConfig(text, "pgo.toml"), /^Error: pgo.toml:1:1: services\[0\]/m);
});
