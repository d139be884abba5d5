import assert from "node:assert/strict";
import fc from "fast-check";
import { createRun } from "../../lib/host/process.ts";
import { runInTerminal, terminalArgv } from "../../lib/host/terminal.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const run = createRun({ how: "self", log: SILENT });

/** What `argv` prints in a terminal. */
async function printed(argv: readonly [string, ...string[]]): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const code = await runInTerminal(run, {
    argv,
    stdin: new Blob([]).stream(),
    stdout: (chunk) => void (text += decoder.decode(chunk, { stream: true })),
  }, { take: () => undefined });
  assert.equal(code, 0, text);
  return text;
}

Deno.test("the words of a program reach it unchanged through the shell that makes its terminal", async () => {
  const nasty = fc.constantFrom(
    "'",
    '"',
    "\\",
    "$",
    "`",
    "$(id)",
    ";",
    "&",
    "|",
    "\n",
    "-",
    "!",
    "*",
    "~",
    " ",
  );
  const character = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));
  const word = fc.array(fc.oneof(nasty, character), { maxLength: 12 }).map((parts) =>
    parts.join("")
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 20 }), async (words) => {
      const text = await printed(["sh", "-c", 'stty raw; printf "%s\\0" "$@"', "sh", ...words]);
      assert.deepEqual(text.split("\0").slice(0, -1), words.map((word) => word.toWellFormed()));
    }),
    { numRuns: 60 },
  );
});

Deno.test("the size is set before the program starts", () => {
  assert.match(terminalArgv(["x"], { rows: 5, cols: 7 })[2] ?? "", / rows 5 cols 7 && exec x$/);
  assert.doesNotMatch(terminalArgv(["x"], undefined)[2] ?? "", /rows/);
});

Deno.test("a program that cannot start says so, and is an exit code", async () => {
  let text = "";
  const code = await runInTerminal(run, {
    argv: ["/nowhere/program"],
    stdin: new Blob([]).stream(),
    stdout: (chunk) => void (text += new TextDecoder().decode(chunk)),
  }, { take: () => undefined });
  assert.equal(code, 127);
  assert.match(text, /not found/);
});
