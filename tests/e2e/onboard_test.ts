/**
 * From nothing to a service that runs: pgod add under its task's permissions, with a user that it creates.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join, split } from "shlex";
import { parse } from "yaml";
import { job } from "./job.ts";
import { freePort } from "./port.ts";
import { createRepository, push } from "./repository.ts";
import { as, denoDir, get, ok, type Result, sh, until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld } from "./world.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a task of deno.json, whose config is `config` in place of /etc/pgo.toml. */
async function task(
  name: string,
  config: string,
  words: string[],
  prefix: string[] = [],
): Promise<Result> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const line = split(tasks[name].command.replaceAll("/etc/pgo.toml", config));
  const command = line.map((word) => word === "pgod.ts" ? `${root}pgod.ts` : word);
  return await sh([...prefix, ...command, ...words], { env: { DENO_DIR: denoDir() } });
}

Deno.test("pgod add creates a user that can run containers, and remove gives the file back", async () => {
  const user = `${USERS[0]}-n`;
  const dir = await Deno.makeTempDir();
  const config = `${dir}/pgo.toml`;
  const words = ["--name", "wiki", "--user", user, "--repository", "/srv/wiki.git"];
  const has = async () => (await sh(["id", "-u", user])).code === 0;
  try {
    const missing = await task("pgod:add", config, words);
    assert.equal(missing.code, 2, missing.stderr);
    assert.match(
      missing.stderr,
      /^pgod add: user: this host has no user .*; --create-user makes it\n$/,
    );
    const dry = await task("pgod:add", config, [...words, "--create-user", "--dry-run"]);
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal(await has(), false);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(dir)), []);
    await Deno.writeTextFile(config, "# ours\n", { mode: 0o640 });
    const patch = await task("pgod:add", config, [...words, "--create-user", "--dry-run"]);
    const added = await task("pgod:add", config, [...words, "--create-user"]);
    assert.equal(added.code, 0, added.stderr);
    assert.equal(added.stderr, "");
    const text = await Deno.readTextFile(config);
    const [, ports = ""] = /^ports = \["(\d+)\/4"\]$/m.exec(text) ?? [];
    assert.ok(Number(ports) >= 5000, text);
    for (const line of text.split("\n").slice(1)) {
      assert.ok(patch.stdout.includes(`\n+${line}`), line);
    }
    assert.equal((await Deno.stat(config)).mode ?? 0, 0o100640);
    const ready = await sh(["bash", `${root}scripts/prepare-host.sh`, user]);
    assert.equal(ready.code, 0, ready.stderr);
    for (const file of ["/etc/subuid", "/etc/subgid"]) {
      const lines = (await Deno.readTextFile(file)).split("\n");
      assert.equal(lines.filter((line) => line.startsWith(`${user}:`)).length, 1);
    }
    const uid = Number(await ok(["id", "-u", user]));
    const runtime = await Deno.stat(`/run/user/${uid}`);
    assert.deepEqual([runtime.uid, (runtime.mode ?? 0) & 0o777], [uid, 0o700]);
    const map = await as(user, ["podman", "unshare", "cat", "/proc/self/uid_map"]);
    assert.match(map.stdout, /\b65536\n/, map.stderr);
    const removed = await task("pgod:remove", config, ["wiki"]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal(await Deno.readTextFile(config), "# ours\n");

    await Deno.writeTextFile(config, text);
    const link = `${dir}/link.toml`;
    await Deno.symlink("pgo.toml", link);
    const again = ["remove", "wiki", "-c", link];
    const look = ["deno", "run", "-q", "--allow-read", "--allow-env", "--allow-sys=uid"];
    const line = await ok([...look, `${root}pgod.ts`, "permissions", ...again]);
    assert.equal((await sh([...split(line), ...again])).code, 0);
    assert.equal(await Deno.readTextFile(config), "# ours\n");
    assert.ok((await Deno.lstat(link)).isSymlink);
  } finally {
    if (await has()) {
      // Ends Podman's own process, which would keep userdel from removing the user.
      await as(user, ["podman", "system", "migrate"]);
      await ok(["rm", "-rf", `/run/user/${await ok(["id", "-u", user])}`]);
      await ok(["userdel", "-r", user]).catch(() => {});
    }
    await ok(["rm", "-rf", dir]);
  }
});

Deno.test("on a terminal pgod add asks for what is missing", async () => {
  const dir = await Deno.makeTempDir();
  const config = `${dir}/pgo.toml`;
  try {
    const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
    const line = tasks["pgod:add"].command.replaceAll("/etc/pgo.toml", config)
      .replace("pgod.ts", `${root}pgod.ts`);
    const { code, stdout } = await sh([
      "script",
      "-qec",
      `${line} --dry-run --root=false`,
      "/dev/null",
    ], {
      env: { DENO_DIR: denoDir() },
      stdin: "Wiki\nwiki\n\n/srv/wiki.git\n\n0\n",
    });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /"Wiki" is no service name/);
    assert.match(stdout, /Unix user it runs as \[wiki\]: /);
    assert.match(stdout, /\+ports = \[\]\r?\n/);
  } finally {
    await ok(["rm", "-rf", dir]);
  }
});

/** An image of `user`'s that shows a page without being told how. */
async function webImage(user: string): Promise<string> {
  await baseImage(user);
  const dir = await Deno.makeTempDir();
  await Deno.chmod(dir, 0o755);
  await Deno.writeTextFile(
    `${dir}/Containerfile`,
    `FROM ${BASE}\nRUN ["sh", "-c", "mkdir /www && echo hello > /www/index.html"]\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]\n`,
  );
  const { code, stderr } = await as(user, ["podman", "build", "-q", "-t", `${BASE}-web`, dir]);
  await ok(["rm", "-rf", dir]);
  assert.equal(code, 0, stderr);
  return `${BASE}-web`;
}

Deno.test("an empty repository, pgoctl init, pgod add, push: it is live, and the CI job's commands work with its key", async () => {
  const [alice] = USERS;
  const image = await webImage(alice);
  const port = freePort();
  await withWorld({ files: {}, config: () => "# ours\n" }, async (world) => {
    await createRepository(world.dir, "shop");
    const work = `${world.dir}/work-shop`;
    const home = `${world.dir}/home`;
    const words = [`127.0.0.1:shop`, "-p", `${world.port}`, "--ci", "gitlab"];
    const container = ["--image", image, "--publish", `${port}:8080`];
    const init = [
      "deno",
      "task",
      "-q",
      "--config",
      `${root}deno.json`,
      "init",
      ...words,
      ...container,
    ];
    // Where these tests run under npx, it has set this already.
    const said = await ok(["sh", "-c", `unset INIT_CWD; cd ${work} && exec ${join(init)}`], {
      env: { HOME: home, DENO_DIR: denoDir() },
    });
    const key = `${home}/.ssh/pgo_shop`;

    const line = /runs: pgod add -c \S+ (.*) --create-user$/m.exec(said)?.[1] ?? "";
    const added = await task("pgod:add", `${world.dir}/config.toml`, [
      ...split(line),
      "--user",
      alice,
    ]);
    assert.equal(added.code, 0, `${said}${added.stderr}`);
    await world.start();
    await push(world.dir, "shop", {});
    await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "hello\n");

    const yaml = parse(await Deno.readTextFile(`${work}/.gitlab-ci.yml`));
    for (const name of ["deploy_production", "stop_production"]) {
      const ran = await job(world, key, yaml[name].script.join("\n"));
      assert.equal(ran.code, 0, ran.stderr);
    }
    assert.equal(await get(`http://127.0.0.1:${port}/`), "");
    const wrong = await job(world, world.key("wrong"), yaml.stop_production.script[0]);
    assert.equal(wrong.code, 77, wrong.stderr);

    const history = await ok(["git", "-C", work, "log", "-p", "--all"]);
    assert.match(history, /^\+ssh-ed25519 /m);
    const secret = (await Deno.readTextFile(key)).split("\n").slice(3, -2);
    for (const part of [...secret, "PRIVATE KEY"]) assert.ok(!history.includes(part));
  });
});
