import assert from "node:assert/strict";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import { loadHostKey, makeHostKey } from "../../lib/ssh/host_key.ts";

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(`${dir}/host_key`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a host key is made once, for its owner only, and ssh-keygen can read it", () =>
  withPath(async (path) => {
    const made = await loadHostKey(path);
    assert.equal(((await Deno.lstat(path)).mode ?? 0) & 0o777, 0o600);
    assert.equal(await loadHostKey(path), made);
    const { code, stdout } = await new Deno.Command("ssh-keygen", {
      args: ["-y", "-f", path],
    }).output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /^ssh-ed25519 /);
  }));

Deno.test("two that start at once do not overwrite each other's", () =>
  withPath(async (path) => {
    await Promise.allSettled([loadHostKey(path), loadHostKey(path)]);
    const kept = await Deno.readTextFile(path);
    assert.equal(await loadHostKey(path), kept);
  }));

Deno.test("a host key that others may read is refused and left alone", () =>
  withPath(async (path) => {
    const made = await loadHostKey(path);
    await Deno.chmod(path, 0o640);
    await assert.rejects(loadHostKey(path), {
      message: `${path} can be read by others: chmod 600 it`,
    });
    assert.equal(await Deno.readTextFile(path), made);
  }));

Deno.test("what is no private key is refused: a new one would lock every client out", () =>
  withPath(async (path) => {
    for (const text of ["", "garbage\n", "ssh-ed25519 AAAA pgod\n"]) {
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      await assert.rejects(loadHostKey(path), /^Error: .*host_key is no private key: restore it/);
      assert.equal(await Deno.readTextFile(path), text);
    }
  }));

Deno.test("a symbolic link is no place for a host key", () =>
  withPath(async (path) => {
    await loadHostKey(`${path}.real`);
    await Deno.symlink(`${path}.real`, path);
    await assert.rejects(loadHostKey(path), /^Error: .*can be read by others/);
  }));

// The library's own keys fail here: 1,500 of them are all whole once in 350 runs.
Deno.test("every host key that is made can be read", () => {
  for (let made = 0; made < 1500; made++) {
    assert.ok(!(ssh2.utils.parseKey(makeHostKey()) instanceof Error));
  }
});
