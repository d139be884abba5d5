import assert from "node:assert/strict";
import type { Command } from "../../lib/host/process.ts";
import { findAccounts } from "../../lib/host/users.ts";

Deno.test("no service runs as root, by whatever name, nor as a user that is not there", async () => {
  const lines = "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n";
  const run = (command: Command) => {
    assert.deepEqual(command.argv.slice(0, 3), ["getent", "passwd", "--"]);
    return Promise.resolve({ code: 2, stdout: lines, stderr: "" });
  };
  const found = await findAccounts(run, ["root", "toor", "nobody-here"]);
  const problems = [...found].map(([, { problem }]) => problem ?? "");
  assert.match(problems[0] ?? "", /^user "root" is root, expected one without rights/);
  assert.match(problems[1] ?? "", /^user "toor" is root/);
  assert.match(problems[2] ?? "", /nobody-here/);
});
