import assert from "node:assert/strict";
import { split } from "shlex";
import { parse } from "yaml";
import { isRefused } from "../../lib/compose/problem.ts";
import { readAddFlags } from "../../lib/config/edit_flags.ts";
import { init } from "../../lib/init/init.ts";
import { readInitOptions } from "../../lib/init/options.ts";
import { remoteUrl, serviceNameFrom } from "../../lib/init/origin.ts";
import { ciOf } from "../../lib/init/texts.ts";
import { judgeDirectory } from "../../lib/service/judge.ts";
import { parseKeyFile } from "../../lib/ssh/access.ts";
import { publicHalf } from "../../lib/ssh/key_pair.ts";

const CONFIG = (url: string) => `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n`;
const GITLAB = "git@gitlab.example.org:team/Web_Shop.git";

/** A repository with one remote, and a home outside it. */
async function withRepository(
  url: string,
  body: (place: {
    repo: string;
    home: string;
    run(...words: string[]): Promise<string>;
    read(path: string): Promise<string>;
  }) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const [repo, home] = [`${dir}/web_shop`, `${dir}/home`];
  try {
    await Deno.mkdir(`${repo}/.git`, { recursive: true });
    await Deno.mkdir(home);
    await Deno.writeTextFile(`${repo}/.git/HEAD`, "ref: refs/heads/trunk\n");
    await Deno.writeTextFile(`${repo}/.git/config`, url && CONFIG(url));
    await body({
      repo,
      home,
      read: (path) => Deno.readTextFile(`${repo}/${path}`),
      async run(...words) {
        const options = readInitOptions(["-C", repo, ...words]);
        assert.ok(options);
        const lines: string[] = [];
        await init(options, home, (line) => lines.push(line));
        return lines.join("\n");
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function filesBelow(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    if (isDirectory) Object.assign(found, await filesBelow(`${dir}/${name}`));
    else found[`${dir}/${name}`] = await Deno.readTextFile(`${dir}/${name}`);
  }
  return found;
}

Deno.test("an empty repository gets a key, a compose file that pgod takes, and a job for its CI", () =>
  withRepository(GITLAB, async ({ repo, home, run, read }) => {
    const said = await run("myhost:shop");
    const key = `${home}/.ssh/pgo_shop`;
    assert.equal(((await Deno.stat(key)).mode ?? 0) & 0o777, 0o600);
    assert.equal(((await Deno.stat(`${home}/.ssh`)).mode ?? 0) & 0o777, 0o700);
    const published = await read("ssh/pgo_shop.pub");
    assert.deepEqual(parseKeyFile("ssh/pgo_shop.pub", published).problems, []);
    const half = publicHalf(await Deno.readTextFile(key), "pgo_shop");
    assert.equal(published, `${half}\n`);
    const verdict = await judgeDirectory(repo, { dir: "/var/lib/pgo", name: "shop" });
    assert.deepEqual(verdict.findings.filter((finding) => isRefused([finding])), []);
    const job = parse(await read(".gitlab-ci.yml"));
    assert.deepEqual(
      job.deploy_production.script,
      ["pull", "build", "up"].map((name) => `pgoctl -i $SSHKEY myhost:shop//${name}`),
    );
    assert.deepEqual(job.deploy_production.rules, [{ if: '$CI_COMMIT_BRANCH == "trunk"' }]);
    assert.match(
      said,
      /^written {4}\S+\/home\/\.ssh\/pgo_shop .*\nwritten {4}ssh\/pgo_shop\.pub\n/,
    );
    assert.match(said, /^2\. in GitLab, .*: SSHKEY, .* what is in \S+\/pgo_shop$/m);
  }));

Deno.test("the line for the admin is one that pgod add takes, with the ports of the compose file", () =>
  withRepository(GITLAB, async ({ run, read }) => {
    const line = /^\d\. the admin of myhost runs: pgod add (.*)$/m.exec(await run("myhost"))?.[1] ??
      "";
    const flags = readAddFlags(split(line));
    const port = /"(\d+):80"/.exec(await read("docker-compose.yml"))?.[1];
    assert.deepEqual(flags?.values, { name: "web-shop", repository: GITLAB, branch: "trunk" });
    assert.deepEqual(flags?.lists.ports, [`${port}/0`]);
    assert.equal(flags?.createUser, true);
  }));

Deno.test("a port that was made up comes with a word on ports the admin has given already", () =>
  withRepository(GITLAB, async ({ repo, run }) => {
    const word =
      /^If the admin has added it already: .*\(pgoctl myhost:shop\/\/ports\).*--publish PORT$/m;
    assert.match(await run("myhost:shop"), word);
    assert.doesNotMatch(await run("myhost:shop"), word, "a compose file that was there");
    await Deno.remove(`${repo}/docker-compose.yml`);
    assert.doesNotMatch(await run("myhost:shop", "--publish", "5000"), word);
  }));

Deno.test("GitHub's job says how a runner gets pgoctl, in steps that need no more than their marks off", () =>
  withRepository("https://github.com/me/shop.git", async ({ run, read }) => {
    await run("myhost");
    const text = await read(".github/workflows/pgo.yml");
    assert.equal(parse(text).jobs.deploy.steps.length, 3);
    const { steps } = parse(text.replace(/^( {6})# (?=[- ] )/gm, "$1")).jobs.deploy;
    assert.equal(steps.length, 5);
    assert.equal(steps[0].uses, "denoland/setup-deno@v2");
    const [clone, launcher, path] = steps[1].run.trimEnd().split("\n");
    assert.match(clone, /^git clone -q PGO ~\/pgo && git -C ~\/pgo checkout -q COMMIT$/);
    assert.ok(
      launcher.endsWith(`printf '#!/bin/sh\\nexec ~/pgo/pgoctl.ts "$@"\\n' > ~/bin/pgoctl`),
    );
    assert.match(path, />> "\$GITHUB_PATH"$/);
  }));

Deno.test("nothing that is there is changed, and a second run says so of every file", () =>
  withRepository("https://github.com/me/shop.git", async ({ repo, home, run, read }) => {
    await Deno.writeTextFile(
      `${repo}/compose.yml`,
      "services: { web: { image: x, ports: ['81:81', '90-92:1-3'] } }\n",
    );
    const first = await run();
    assert.match(first, /^was there {2}compose\.yml$/m);
    assert.match(first, /--ports 81\/0 --ports 90\/2 /);
    assert.match(await read(".github/workflows/pgo.yml"), /run: pgoctl \$PGO_HOST:shop\/\/up/);
    const before = { ...await filesBelow(repo), ...await filesBelow(home) };
    const second = await run();
    assert.doesNotMatch(second, /^written/m);
    assert.equal(second.match(/^was there /gm)?.length, 4);
    assert.match(second, /\nThe job for \.github\/workflows\/pgo\.yml:\n\n#/);
    assert.deepEqual({ ...await filesBelow(repo), ...await filesBelow(home) }, before);
  }));

Deno.test("the private key is in no file of the repository", () =>
  withRepository(GITLAB, async ({ repo, home, run }) => {
    await run("myhost:shop");
    const secret = (await Deno.readTextFile(`${home}/.ssh/pgo_shop`)).split("\n").slice(3, -2).join(
      "",
    );
    assert.ok(secret.length > 100);
    for (const [path, text] of Object.entries(await filesBelow(repo))) {
      assert.ok(!text.replace(/\s/g, "").includes(secret.slice(0, 60)), path);
      assert.ok(!text.includes("PRIVATE KEY"), path);
    }
    await assert.rejects(run("--key", `${repo}/key`), /\/key lies inside the repository/);
    await Deno.symlink(repo, `${home}/link`);
    await assert.rejects(run("--key", `${home}/link/new/key`), /lies inside the repository/);
    await assert.rejects(Deno.stat(`${repo}/new`));
  }));

Deno.test("a key that is there is used; a public half whose private one is elsewhere stays", () =>
  withRepository(GITLAB, async ({ repo, home, run, read }) => {
    await run("myhost:shop");
    const published = await read("ssh/pgo_shop.pub");
    await Deno.remove(`${repo}/ssh/pgo_shop.pub`);
    assert.match(
      await run("myhost:shop"),
      /^was there {2}\S+pgo_shop .*\nwritten {4}ssh\/pgo_shop\.pub$/m,
    );
    assert.equal(await read("ssh/pgo_shop.pub"), published);
    await Deno.remove(`${home}/.ssh/pgo_shop`);
    assert.match(
      await run("myhost:shop"),
      /^was there {2}ssh\/pgo_shop\.pub {2}\(its private half is not in /m,
    );
    await assert.rejects(Deno.stat(`${home}/.ssh/pgo_shop`));
    await Deno.writeTextFile(`${home}/.ssh/pgo_shop`, "nonsense");
    await assert.rejects(run("myhost:shop"), /is no private key without a passphrase/);
  }));

Deno.test("a repository that builds an image is given a service that does", () =>
  withRepository("", async ({ repo, run, read }) => {
    await Deno.writeTextFile(`${repo}/Containerfile`, "FROM docker.io/library/busybox\n");
    const said = await run("[::1]:shop", "--publish", "8081", "-p", "2022", "--ci", "gitlab");
    assert.match(
      await read("docker-compose.yml"),
      / {4}build: \.\n {4}init: .*\n {4}ports: \["8081:8080"\]/,
    );
    assert.match(await read(".gitlab-ci.yml"), /pgoctl -i \$SSHKEY -p 2022 \[::1\]:shop\/\/up/);
    assert.match(said, /--repository REPOSITORY /);
  }));

const WRONG: [words: string[], expected: RegExp][] = [
  [["-C", "/nowhere"], /^\/nowhere is no top directory of a Git repository/],
  [["a:b:c"], /is no service, expected HOST:SERVICE/],
  [["host:A_b"], /"A_b" is no service name/],
  [["--ci", "jenkins"], /--ci jenkins, expected gitlab, github or none/],
  [["--publish", "0"], /--publish 0 is no port/],
  [["--image", "a b"], /is no image/],
];
for (const [words, expected] of WRONG) {
  Deno.test(`refused: pgoctl init ${words.join(" ")}`, async () => {
    await assert.rejects(async () => {
      const options = readInitOptions(words);
      if (options) await init(options, "/nowhere", () => {});
    }, ({ message }) => expected.test(message));
  });
}

Deno.test("a remote's URL is read without its token, and tells the CI", () => {
  assert.equal(
    remoteUrl(CONFIG("https://me:hunter2@git.example.org/a.git")),
    "https://git.example.org/a.git",
  );
  assert.equal(remoteUrl(`[remote "x"]\nurl=/a\n${CONFIG("/b")}`), "/b");
  assert.equal(remoteUrl("[core]\n"), undefined);
  assert.equal(ciOf("git@github.com:a/b.git"), "github");
  assert.equal(ciOf("ssh://git@gitlab.science.ru.nl:2222/a/github.git"), "gitlab");
  assert.equal(ciOf("https://git.example.org/gitlab/x.git"), undefined);
  assert.equal(serviceNameFrom("git@x.org:me/My.Shop_2.git"), "my-shop-2");
  assert.equal(serviceNameFrom("/__"), undefined);
});
