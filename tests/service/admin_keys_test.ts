import assert from "node:assert/strict";
import { readAdminKeys } from "../../lib/service/admin_keys.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP2uT6dKTeZZbPI6T3mKsLFKGJRWzVrgMYYhoYXsL1jd root";

async function withFile(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/admins`, text, { mode: 0o644 });
    await body(`${dir}/admins`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("the file of admins: keys with their options; other lines are named and skipped", () =>
  withFile(`# who\npgo-role="exec" ${KEY}\nhello\n`, async (path) => {
    const { keys, problems } = await readAdminKeys(path);
    assert.deepEqual(keys.map(({ role, comment, line }) => [role, comment, line]), [
      ["exec", "root", 2],
    ]);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /admins:3: "hello" is no key type/);
  }));

const UNTRUSTED: [what: string, spoil: (path: string) => Promise<void>, says: RegExp][] = [
  ["others may write", (path) => Deno.chmod(path, 0o646), /can be written by others .*chmod go-w/],
  ["its group may write", (path) => Deno.chmod(path, 0o664), /can be written by others/],
  ["is a link", async (path) => {
    await Deno.rename(path, `${path}.real`);
    await Deno.symlink(`${path}.real`, path);
  }, /is no regular file/],
  ["is not there", (path) => Deno.remove(path), /there is no such file/],
];
for (const [what, spoil, says] of UNTRUSTED) {
  Deno.test(`a file of admins that ${what} is refused`, () =>
    withFile(KEY, async (path) => {
      await spoil(path);
      await assert.rejects(readAdminKeys(path), (error: Error) => says.test(error.message));
    }));
}

Deno.test({
  name: "a file that the config began to name while pgod ran: restart it",
  permissions: { read: false },
  fn: () =>
    assert.rejects(
      readAdminKeys("/etc/pgo/admins"),
      /^Error: pgod was not started with --allow-read=\/etc\/pgo\/admins: systemctl restart pgod, or start it with the line that pgod permissions prints$/,
    ),
});
