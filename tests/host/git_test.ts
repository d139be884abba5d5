import assert from "node:assert/strict";
import { parseRepository } from "../../lib/config/repository.ts";
import { createGit } from "../../lib/host/git.ts";
import { RemoteError } from "../../lib/host/git_remote.ts";
import { type Command, createRun, type Run } from "../../lib/host/process.ts";
import { serviceDirectory } from "../../lib/host/service_directory.ts";
import type { Log } from "../../lib/log.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const user = { name: "me", uid: 0, gid: 0, home: "/" };

async function withRepository(
  body: (
    setup: {
      git: ReturnType<typeof createGit>;
      sh: (script: string) => Promise<string>;
      dir: string;
    },
  ) => Promise<void>,
): Promise<void> {
  const run = createRun({ how: "self", log: silent, path: Deno.env.get("PATH") });
  const dir = await Deno.makeTempDir();
  const sh = async (script: string) => {
    const env = {
      GIT_AUTHOR_NAME: "t",
      GIT_AUTHOR_EMAIL: "t@t",
      GIT_COMMITTER_NAME: "t",
      GIT_COMMITTER_EMAIL: "t@t",
    };
    const { code, stdout, stderr } = await run({
      argv: ["sh", "-ec", `cd ${dir}; ${script}`],
      env,
    });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  try {
    await sh(
      "git init -q -b main src; cd src; mkdir ssh; echo key > ssh/a.pub; echo one > file; ln -s /etc/passwd link; git add .; git commit -qm 1; mkdir ../svc",
    );
    const git = createGit(
      run,
      user,
      serviceDirectory(dir, "svc"),
      { url: `file://${dir}/src` },
      "main",
    );
    await git.prepare();
    await body({ git, sh, dir });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("follow, read and materialize; files that Git never tracked stay", () =>
  withRepository(async ({ git, sh, dir }) => {
    assert.equal(await git.fetchedTip(), undefined);
    const tip = await git.remoteTip();
    await git.fetch();
    assert.equal(await git.fetchedTip(), tip);
    const tree = await git.tree(tip);
    assert.deepEqual([...tree].map(([path, { kind }]) => [path, kind]), [["file", "file"], [
      "link",
      "symlink",
    ], ["ssh/a.pub", "file"]]);
    const id = tree.get("file")?.id ?? "";
    assert.equal(new TextDecoder().decode((await git.blobs([id])).get(id)), "one\n");
    const checkout = `${dir}/svc/checkout`;
    await git.materialize(tip, checkout);
    await Deno.writeTextFile(`${checkout}/data`, "mine");
    await sh("cd src; git rm -q file; echo two > other; git add .; git commit -qm 2");
    await git.fetch();
    await git.materialize(await git.remoteTip(), checkout);
    assert.equal(await sh("ls svc/checkout"), "data\nlink\nother\nssh");
  }));

Deno.test("rewritten history is followed, a broken mirror is made anew, a remote that is gone changes nothing", () =>
  withRepository(async ({ git, sh }) => {
    await git.fetch();
    await sh("cd src; echo x > file; git add .; git commit -q --amend -m other");
    await git.fetch();
    assert.equal(await git.fetchedTip(), await git.remoteTip());
    await sh("rm -rf svc/mirror.git/objects/*");
    assert.equal(await git.fetchedTip(), undefined);
    await git.fetch();
    assert.equal(await git.fetchedTip(), await git.remoteTip());
    await sh("mv src gone");
    await assert.rejects(git.remoteTip(), RemoteError);
    await assert.rejects(git.fetch(), RemoteError);
    assert.ok(await git.fetchedTip());
  }));

Deno.test("a vanished branch is said so", () =>
  withRepository(async ({ git, sh }) => {
    await sh("cd src; git checkout -q -b other; git branch -q -D main");
    await assert.rejects(git.remoteTip(), /has no branch "main"/);
  }));

Deno.test("a token reaches git in its environment, never in argv", async () => {
  const seen: Command[] = [];
  const run: Run = (command) => {
    seen.push(command);
    return Promise.resolve({ code: 0, stdout: "abc\trefs/heads/main\n", stderr: "" });
  };
  const repository = parseRepository("https://deploy:t0ken@git.example.org/x.git");
  await createGit(run, user, serviceDirectory("/d", "svc"), repository, "main").remoteTip();
  assert.ok(!seen.some(({ argv }) => argv.join(" ").includes("t0ken")));
  assert.equal(seen[0]?.env?.["PGO_GIT_PASSWORD"], "t0ken");
  assert.equal(seen[0]?.env?.["GIT_CONFIG_KEY_0"], "credential.https://git.example.org.helper");
  assert.ok(seen[0]?.argv.includes("https://git.example.org/x.git"));
});
