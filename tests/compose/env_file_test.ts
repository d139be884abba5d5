import assert from "node:assert/strict";
import { readEnvFile } from "../../lib/compose/env_file.ts";

const VARIABLES = new Map([["HOST", "h"]]);
const read = (text: string, raw = false) =>
  Object.fromEntries(readEnvFile(text, VARIABLES, { raw }).map(({ name, value }) => [name, value]));

Deno.test("env files: quotes, comments, variables, as the specification has them", () => {
  assert.deepEqual(
    read(
      'A=1 # c\nexport B = two words \nC=\'$HOST # \\\'x\'\nD="$HOST\\n#"\nE=${A}-${HOST:-x}\nF: y\nG\nH=a#b\nI=\nJ="a\nb"\n',
    ),
    {
      A: "1",
      B: "two words",
      C: "$HOST # 'x",
      D: "h\n#",
      E: "1-h",
      F: "y",
      G: undefined,
      H: "a#b",
      I: "",
      J: "a\nb",
    },
  );
  assert.deepEqual(read("A= 'x' # y\n", true), { A: " 'x' # y" });
});

Deno.test("what comes of a secret is known as such", () => {
  const [, last] = readEnvFile("A=$HOST\nB=x$A\n", VARIABLES);
  assert.deepEqual([...last?.used ?? []].sort(), ["A", "HOST"]);
});

Deno.test("what cannot be read says its line", () => {
  for (
    const [text, expected] of [
      ["A=1\n=x\n", /^Error: 2: no assignment/],
      ['A="x\n', /^Error: 1: .*no closing "/],
      ["A='x' y\n", /^Error: 1: text after/],
      ["\nA=${\n", /^Error: 2: "\$\{" is never closed/],
    ] as const
  ) {
    assert.throws(() => read(text), expected);
  }
});
