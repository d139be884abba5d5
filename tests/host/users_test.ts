import assert from "node:assert/strict";
import type { Command } from "../../lib/host/process.ts";
import { findAccounts, sessionProblem } from "../../lib/host/users.ts";

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

Deno.test("a user without a session is told of where systemd runs, and nowhere else", async () => {
  const miek = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };
  const on = (...there: string[]) =>
    sessionProblem(miek, (path) => Promise.resolve(there.includes(path)));
  assert.equal(await on(), undefined);
  assert.equal(await on("/run/systemd/system", "/run/user/1000/bus"), undefined);
  assert.match(
    await on("/run/systemd/system") ?? "",
    /^user "miek" has no \/run\/user\/1000\/bus: /,
  );
});
