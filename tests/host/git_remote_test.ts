import assert from "node:assert/strict";
import { createRemote, gitAccess, lastLine, RemoteError } from "../../lib/host/git_remote.ts";
import type { Command } from "../../lib/host/process.ts";

const user = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----";

/** Runs `body` with files of mode 0600 that hold the texts. */
async function withFiles<Name extends string>(
  texts: Record<Name, string>,
  body: (paths: Record<Name, string>) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const paths = {} as Record<Name, string>;
    for (const [name, text] of Object.entries(texts) as [Name, string][]) {
      paths[name] = `${dir}/${name}`;
      await Deno.writeTextFile(paths[name], text, { mode: 0o600 });
    }
    await body(paths);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("credentials are read anew for each look at the remote, and travel in the environment", () =>
  withFiles({ token: "deploy:hunter2\n" }, async ({ token }) => {
    const calls: Command[] = [];
    const remote = createRemote(
      (command) => {
        calls.push(command);
        return Promise.resolve({ code: 0, stdout: "", stderr: "" });
      },
      user,
      { url: "https://git.example.org/x.git" },
      { gitCredentials: token },
      { LC_ALL: "C" },
    );
    await remote.run(["ls-remote"], {});
    await Deno.writeTextFile(token, "deploy:hunter3\n");
    await remote.run(["ls-remote"], {});
    assert.deepEqual(calls.map(({ env }) => env?.["PGO_GIT_PASSWORD"]), ["hunter2", "hunter3"]);
    assert.equal(calls[0]?.env?.["GIT_CONFIG_KEY_0"], "credential.https://git.example.org.helper");
    for (const { argv, env = {} } of calls) {
      const { PGO_GIT_PASSWORD: _, ...others } = env;
      assert.doesNotMatch(argv.join(" ") + JSON.stringify(others), /hunter/);
    }
  }));

Deno.test("a key goes to an agent by stdin; host keys that the config gives are the only ones", () =>
  withFiles({ key: KEY, hosts: "git.example.org ssh-ed25519 AAAA\n" }, async ({ key, hosts }) => {
    const repository = { url: "git@git.example.org:x.git" };
    const { prefix, env, stdin } = await gitAccess(repository, {
      gitKey: key,
      gitKnownHosts: hosts,
    });
    assert.equal(prefix[0], "ssh-agent");
    assert.equal(stdin, `${KEY}\n`);
    assert.doesNotMatch(JSON.stringify([prefix, env]), /hunter/);
    assert.equal(env["PGO_KNOWN_HOSTS"], "git.example.org ssh-ed25519 AAAA\n");
    assert.match(
      env["GIT_SSH_COMMAND"] ?? "",
      /StrictHostKeyChecking=yes.*-F none.*UserKnownHostsFile=none/,
    );
    const open = await gitAccess(repository, {});
    assert.match(open.env["GIT_SSH_COMMAND"] ?? "", /StrictHostKeyChecking=accept-new/);
    assert.deepEqual([open.prefix, open.stdin], [[], undefined]);
  }));

Deno.test("what is no key or cannot be read is the remote's trouble, in one line", () =>
  withFiles({ key: "hunter2" }, async ({ key }) => {
    const run = () => Promise.reject(new Error("nothing is run"));
    const ask = (gitKey: string) =>
      createRemote(run, user, { url: "git@h:x" }, { gitKey }, {}).run([], {});
    const told = (expected: RegExp) => (error: Error) =>
      error instanceof RemoteError && expected.test(error.message) && !/hunter/.test(error.message);
    await assert.rejects(ask(key), told(/key: it holds no private key$/));
    await assert.rejects(ask("/nowhere/key"), told(/^\/nowhere\/key: there is no such file$/));
    const refused = () =>
      Promise.resolve({ code: 97, stdout: "", stderr: "a\nincorrect passphrase\n" });
    await Deno.writeTextFile(key, KEY);
    await assert.rejects(
      createRemote(refused, user, { url: "git@h:x" }, { gitKey: key }, {}).run([], {}),
      told(/no private key without a passphrase: incorrect passphrase/),
    );
  }));

Deno.test("where Git only says that ssh has ended, ssh is quoted", () => {
  const end =
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n";
  assert.equal(
    lastLine(`Host key verification failed.\r\n${end}`),
    "Host key verification failed.",
  );
  assert.equal(lastLine(`warning: x\nfatal: no such ref\n`), "fatal: no such ref");
  assert.equal(lastLine(""), "no answer");
});
