import assert from "node:assert/strict";
import { gathered } from "../../lib/host/gather.ts";
import { createRun } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const path = Deno.env.get("PATH");
const run = createRun({ how: "self", log: silent, path });

// That it comes in fewer pieces is what `deno task bench:host` measures.
Deno.test("what is written line by line arrives whole and in order", async () => {
  const lines = 20_000;
  const decoder = new TextDecoder();
  let text = "";
  const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); done`;
  await run({
    ...gathered(["sh", "-c", script]),
    stdout: (chunk) => void (text += decoder.decode(chunk, { stream: true })),
  });
  const expected = Array.from({ length: lines }, (_, at) => `line ${at}\n`).join("");
  assert.equal(text === expected, true, "every line, in order");
});

for (
  const [what, how] of [["with Perl", { path }], ["without it", { path: "/nowhere" }]] as const
) {
  Deno.test(`both streams, words and exit code are the program's own, ${what}`, async () => {
    const sh = (await run({ argv: ["sh", "-c", "command -v sh"] })).stdout.trim();
    const program = [sh, "-c", 'echo "out $1 $2"; echo err >&2; exit 7', "sh", "a b", "--"];
    const { argv: [, ...words], shown } = gathered(program);
    assert.equal(shown, program);
    const limited = createRun({ how: "self", log: silent, ...how });
    const { code, stdout, stderr } = await limited({ argv: [sh, ...words] });
    assert.deepEqual([code, stdout, stderr], [7, "out a b --\n", "err\n"]);
  });
}

Deno.test("a signal ends the program and those that copy", async () => {
  const gone = new AbortController();
  const pids = Promise.withResolvers<string>();
  const ended = run({
    ...gathered(["sh", "-c", "echo $$; sleep 4714"]),
    signal: gone.signal,
    stdout: (chunk) => pids.resolve(new TextDecoder().decode(chunk).trim()),
  });
  const pid = await pids.promise;
  gone.abort();
  await assert.rejects(ended, /was ended/);
  const { stdout } = await run({ argv: ["ps", "-o", "stat=", "-g", pid] });
  assert.match(stdout.trim(), /^(Z\S*\s*)*$/);
});
