/**
 * The installed pgoctl: what its launcher lets it write, and that this is enough.
 * @module
 */
import assert from "node:assert/strict";
import { pgoctlLauncher } from "../../scripts/install/launchers.ts";
import { root } from "../sources.ts";
import { makeKey, withServer } from "../ssh/loopback.ts";
import { withInstalled } from "./installed.ts";

const HOME = { HOME: "/home/ann", PATH: "/usr/bin:/bin" };

/** What a Deno in place of the real one is started with, a word a line, behind its environment. */
async function started(words: readonly string[], env: Record<string, string> = HOME) {
  const lib = await Deno.makeTempDir();
  try {
    const [shebang = ""] = (await Deno.readTextFile(new URL("pgoctl.ts", root))).split("\n");
    await Deno.writeTextFile(`${lib}/pgoctl`, pgoctlLauncher(lib, shebang));
    await Deno.writeTextFile(
      `${lib}/deno`,
      '#!/bin/sh\nprintf "%s\\n" "HOME=$HOME" "DENO_DIR=$DENO_DIR" "$@"\n',
      { mode: 0o755 },
    );
    const args = [`${lib}/pgoctl`, ...words];
    const command = new Deno.Command("sh", { args, env, clearEnv: true });
    const { code, stdout, stderr } = await command.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const lines = text(stdout).split("\n");
    const script = lines.indexOf(`${lib}/pgoctl.js`);
    return {
      ...{ code, stderr: text(stderr), environment: lines.slice(0, 2) },
      passed: lines.slice(script + 1, -1),
      writes: lines.slice(0, script).filter((line) => line.startsWith("--allow-write="))
        .map((line) => line.slice("--allow-write=".length)),
    };
  } finally {
    await Deno.remove(lib, { recursive: true });
  }
}

const KEY = "-----BEGIN OPENSSH PRIVATE KEY----- AAAA BBBB -----END OPENSSH PRIVATE KEY-----";
const GRANTS: [words: string[], writes: string[]][] = [
  [["h:s//ps"], []],
  [["--known-hosts", "/tmp/a b", "h:s//ps"], ["/tmp/a b"]],
  [["-p", "1", "-t", "--known-hosts=kh", "h:s//ps"], ["kh"]],
  [["--known-hosts=a", "--known-hosts", "b", "h:s//ps"], ["b"]],
  [["-i", ...KEY.split(" "), "--known-hosts", "kh", "h:s//ps"], ["kh"]],
  [["-i", KEY, "--known-hosts", "kh", "h:s//ps"], ["kh"]],
  // Not options of pgoctl's: a value, or words of the remote command.
  [["-i", "--known-hosts", "x", "--known-hosts", "/etc"], []],
  [["h:s//exec", "web", "--known-hosts", "/etc"], []],
  [["--strict", "h:s//exec", "--known-hosts=/etc", "-C/etc", "--key", "/etc"], []],
  [["-C", "/etc", "h:s//ps"], []],
  [["init", "h:s"], ["."]],
  [["init", "-C", "..", "h:s"], [".."]],
  [["init", "h:s", "--directory=/srv/a b"], ["/srv/a b"]],
  [["init", "-C/srv", "--key", "/srv/k", "h:s"], ["/srv", "/srv/k"]],
  [["init", "--key=k", "h:s"], [".", "k"]],
  [["init", "--", "--key", "k"], ["."]],
];
for (const [words, writes] of GRANTS) {
  Deno.test(`pgoctl ${words.join(" ").slice(0, 60)}: writes ${writes.join(", ") || "nothing else"}`, async () => {
    const { code, stderr, passed, writes: found } = await started(words);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(passed, words);
    assert.deepEqual(found, ["/home/ann/.ssh", ...writes]);
  });
}

Deno.test("a path with a comma, which Deno takes for two, grants nothing", async () => {
  for (const words of [["init", "-C", "/a,/etc", "h:s"], ["--known-hosts=a,b", "h:s//ps"]]) {
    const { code, stderr, writes } = await started(words);
    assert.deepEqual([code, writes], [64, []]);
    assert.match(stderr, /^pgoctl: \S+,\S+: a path with a comma [^\n]*\n$/);
  }
});

Deno.test("where HOME is missing or empty it is what the host knows; compiled code is never kept below /", async () => {
  const [, , , , , home = ""] = (await account()).split(":");
  for (const env of [{}, { HOME: "" }] as Record<string, string>[]) {
    const { environment, writes } = await started(["h:s//ps"], { PATH: "/usr/bin:/bin", ...env });
    assert.deepEqual(environment, [`HOME=${home}`, `DENO_DIR=${home}/.cache/pgo`]);
    assert.deepEqual(writes, [`${home}/.ssh`]);
  }
  const { environment } = await started(["h:s//ps"], { ...HOME, HOME: "/" });
  assert.deepEqual(environment, ["HOME=/", "DENO_DIR=/dev/null/pgo"]);
});

/** The line of whoever runs this in the host's passwd. */
async function account(): Promise<string> {
  const args = ["-c", 'getent passwd "$(id -u)"'];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("the installed pgoctl does what its options say, and says why not without a word of Deno", (t) =>
  withInstalled(async ({ dir, run }) => {
    const home = `${dir}/home`;
    const env = { HOME: home, PATH: "/usr/bin:/bin" };
    const pgoctl = (words: string[], more = {}) =>
      run("bin/pgoctl", words, { env: { ...env, ...more } });
    const repository = `${dir}/shop`;
    await Deno.mkdir(home);
    await Deno.mkdir(`${repository}/.git`, { recursive: true });
    await Deno.writeTextFile(`${repository}/.git/HEAD`, "ref: refs/heads/main\n");

    await t.step("init -C DIR --key FILE", async () => {
      const words = ["init", "-C", repository, "--key", `${dir}/etc_key`, "h:s"];
      const { code, stderr } = await pgoctl(words);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(await Deno.readTextFile(`${dir}/etc_key`), /PRIVATE KEY/);
      assert.ok((await Deno.stat(`${repository}/ssh/etc_key.pub`)).isFile);
      const nowhere = await pgoctl(["init", "-C", repository, "--key", `${dir}/no/key`, "h:s"]);
      const expected = `pgoctl: there is no directory ${dir}/no\n`;
      assert.deepEqual([nowhere.code, nowhere.stderr], [70, expected]);
    });

    await t.step(
      "--known-hosts FILE, in a directory that is not pgoctl's",
      () =>
        withServer({ handle: () => Promise.resolve(0) }, async ({ port, know, dir: keys }) => {
          await makeKey(`${keys}/mine`);
          await know("mine");
          const ping = (...words: string[]) =>
            pgoctl(["-p", `${port}`, "-i", `${keys}/mine`, ...words, "127.0.0.1:x//ping"]);
          const first = await ping("--known-hosts", `${dir}/hosts`);
          assert.equal(first.code, 0, first.stderr);
          assert.match(first.stderr, /^pgoctl: new host .*, added to \S+\/hosts\n$/);
          const again = await ping(`--known-hosts=${dir}/hosts`);
          assert.deepEqual([again.code, again.stderr], [0, ""]);
          const nowhere = await ping("--known-hosts", `${dir}/no/hosts`);
          assert.match(nowhere.stderr, /could NOT be added .*: there is no directory \S+\/no\n$/);
          // Where the host keys are is not known: nothing is written below /, and nobody is trusted anew each time.
          const homeless = await pgoctl(
            ["-p", `${port}`, "-i", `${keys}/mine`, "127.0.0.1:x//ping"],
            { HOME: "/" },
          );
          assert.equal(homeless.code, 64);
          assert.match(
            homeless.stderr,
            /^pgoctl: HOME is "\/": where host keys are kept is not known \(set HOME, [^\n]*\n$/,
          );
        }),
    );
  }));
