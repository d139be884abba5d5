import assert from "node:assert/strict";
import { findAccounts } from "../../lib/host/users.ts";
import type { Run } from "../../lib/host/process.ts";

Deno.test("a host is asked once for all users, and a number is nobody's name", async () => {
  const asked: string[][] = [];
  const run: Run = ({ argv }) => {
    asked.push([...argv]);
    const stdout = "root:x:0:0:root:/root:/bin/bash\nno-ranges:x:7777:7777::/home/x:/bin/sh\n";
    return Promise.resolve({ code: 2, stdout, stderr: "" });
  };
  const accounts = await findAccounts(run, ["0", "no-ranges", "nobody-here"]);
  assert.deepEqual(asked, [["getent", "passwd", "--", "0", "no-ranges", "nobody-here"]]);
  assert.match(accounts.get("0")?.problem ?? "", /no user "0"/);
  assert.match(accounts.get("no-ranges")?.problem ?? "", /has no range in \/etc\/subuid/);
  assert.match(accounts.get("nobody-here")?.problem ?? "", /no user "nobody-here"/);
  assert.deepEqual(await findAccounts(run, []), new Map());
  assert.equal(asked.length, 1);
});
