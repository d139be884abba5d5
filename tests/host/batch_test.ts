import assert from "node:assert/strict";
import { batch } from "../../lib/host/batch.ts";
import { monitorsOf } from "../../lib/host/monitors.ts";
import { createRun } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

Deno.test("several commands in one process: each has its own output, errors and code", async () => {
  const run = createRun({ how: "self", log: silent, path: "/usr/bin:/bin" });
  let calls = 0;
  const outcomes = await batch((command) => (calls++, run(command)), [
    ["sh", "-c", "echo one 12; echo bad >&2; exit 3"],
    ["printf", "%s", "it's $HOME; `id`"],
    ["sh", "-c", "exit 0"],
    ["/no/such/program"],
  ], {});
  assert.equal(calls, 1);
  assert.deepEqual(outcomes.slice(0, 3), [
    { code: 3, stdout: "one 12\n", stderr: "bad\n" },
    { code: 0, stdout: "it's $HOME; `id`", stderr: "" },
    { code: 0, stdout: "", stderr: "" },
  ]);
  assert.equal(outcomes[3]?.code, 127);
});

Deno.test("monitors are told by container, and those of an exec are none", () => {
  const [id, exec] = ["a".repeat(64), "b".repeat(64)];
  const line = (container: string, of: string) =>
    `/usr/bin/conmon --api-version 1 -c ${container} -u ${of} -r /usr/bin/crun -b /x`;
  assert.deepEqual(
    monitorsOf([line(id, id), line(exec, id), "ps -u 1000 -o args=", ""].join("\n")),
    new Set([id]),
  );
});

Deno.test("a process that names conmon in its arguments is no monitor, however often it does", () => {
  const id = "a".repeat(64);
  assert.deepEqual(monitorsOf(`  12 grep conmon -c ${id} -u ${id} -r\n`), new Set());
  assert.deepEqual(monitorsOf(`  12 /usr/bin/conmon -c ${id} -u ${id} -r crun\n`), new Set([id]));
  const line = `  13 ${"conmon ".repeat(18_000)}\n`;
  assert.deepEqual(monitorsOf(line.repeat(30)), new Set());
});
