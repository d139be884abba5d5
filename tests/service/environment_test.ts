import assert from "node:assert/strict";
import { readEnvironment } from "../../lib/service/environment.ts";

async function read(text: string, env: Record<string, string> = {}) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o600);
    return await readEnvironment({ env, files: { env: path } }).catch((error: Error) =>
      error.message.replace(path, "FILE")
    );
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("values of an env_file stand as they are, quotes and comments aside", async () => {
  const text = `# ours
A=pa$word\${x}   # a comment
export B="two\\nlines \\$ \\"q\\""
C='$c'
D=
E="over
two"
`;
  assert.deepEqual(await read(text), {
    A: "pa$word${x}",
    B: 'two\nlines $ "q"',
    C: "$c",
    D: "",
    E: "over\ntwo",
  });
});

Deno.test("the config's env wins over its env_file", async () => {
  assert.deepEqual(await read("A=1\nB=2\n", { B: "3" }), { A: "1", B: "3" });
});

const WRONG: [text: string, expected: RegExp][] = [
  ["A=1\nhunter2\n", /^FILE:2: no assignment, expected NAME=value$/],
  ["hunter2 hunter2\n", /^FILE:1: no assignment/],
  ["A-B=hunter2\n", /^FILE:1: no name of a variable/],
  ['A=1\n\nB="hunter2\n', /^FILE:3: the value of B has no closing "/],
  ['B="x" hunter2\n', /^FILE:1: text after the value of B/],
  ["LD_PRELOAD=hunter2\n", /^FILE:1: LD_PRELOAD steers podman-compose/],
  ["REGISTRY_AUTH_FILE=hunter2\n", /^FILE:1: REGISTRY_AUTH_FILE steers/],
];
for (const [text, expected] of WRONG) {
  Deno.test(`an env_file with a mistake, told without its values: ${JSON.stringify(text)}`, async () => {
    const said = await read(text);
    assert.match(String(said), expected);
    assert.doesNotMatch(String(said), /hunter2/);
  });
}
