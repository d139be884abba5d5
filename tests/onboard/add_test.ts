import assert from "node:assert/strict";
import { readAddFlags, readRemoveFlags } from "../../lib/config/edit_flags.ts";
import { FlagError } from "../../lib/config/flags.ts";
import { parseConfig } from "../../lib/config/parse.ts";
import type { Command } from "../../lib/host/process.ts";
import { add, type Desk } from "../../lib/onboard/add.ts";
import { pickPorts } from "../../lib/onboard/pick_ports.ts";
import { remove } from "../../lib/onboard/remove.ts";

const SHOP = `# Ours.

[[services]]
name = "shop" # sells
user = "shop"
repository = "https://git.example.org/shop.git"
ports = ["5000/2"]
`;

const LISTENING =
  `tcp LISTEN 0 4096 0.0.0.0:5004 0.0.0.0:* users:(("nginx",pid=7,fd=6)) uid:33 ino:1 sk:2 <->
udp UNCONN 0 0 [::]:5011 [::]:* ino:3 sk:4 <->`;

/** A desk on a host where nginx listens; `answers` are typed when something is asked. */
function deskOf(answers?: string[]) {
  const ran: string[][] = [];
  const printed: string[] = [];
  const asked: string[] = [];
  const desk: Desk = {
    run: async ({ argv, stdout: sink }: Command) => {
      ran.push([...argv]);
      const text = {
        ss: LISTENING,
        cat: "1024\n",
        getent: argv[2] === "--" ? "" : "me:x:1000:1000::/home/me:/bin/sh\n",
      }[argv[0]] ?? "";
      await sink?.(new TextEncoder().encode(text));
      return { code: text ? 0 : 2, stdout: sink ? "" : text, stderr: "" };
    },
    how: "self",
    ask: answers && ((question) => (asked.push(question), Promise.resolve(answers.shift()))),
    print: (text) => void printed.push(text),
  };
  return { desk, ran, printed, asked };
}

async function withConfig(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/pgo.toml`, text);
    await body(`${dir}/pgo.toml`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function addTo(path: string, words: string[], made = deskOf()) {
  const flags = readAddFlags(["-c", path, ...words]);
  assert.ok(flags);
  await add(flags, made.desk, {
    pick: (count, config) => pickPorts(made.desk.run, count, config),
    warnings: (_loaded, index) => Promise.resolve([`service ${index} is warned of`]),
  });
  return made;
}

const WIKI = ["--name", "wiki", "--repository", "https://git.example.org/wiki.git"];

Deno.test("a service gets ports that no other service has and nothing listens on", () =>
  withConfig(SHOP, async (path) => {
    const { printed } = await addTo(path, [
      ...WIKI,
      "--url",
      "wiki.example.org",
      "--port-count",
      "6",
    ]);
    assert.equal(
      await Deno.readTextFile(path),
      `${SHOP}
[[services]]
name = "wiki"
user = "wiki"
repository = "https://git.example.org/wiki.git"
branch = "main"
urls = { "wiki.example.org" = ":5005" }
ports = ["5005/5"]
`,
    );
    assert.match(printed.join("\n"), /service wiki added, as user wiki, ports 5005-5010\nNext:/);
    await addTo(path, ["--name", "blog", "--repository", "/srv/blog.git", "--port-count", "1"]);
    assert.match(await Deno.readTextFile(path), /ports = \["5003\/0"\]/);
  }));

Deno.test("every option arrives at its key", () =>
  withConfig(SHOP, async (path) => {
    const lists = ["profile", "network", "volume"].flatMap((
      key,
    ) => [`--${key}`, `${key}1`, `--${key}`, "b"]);
    const env = path.replace(/[^/]*$/, "wiki.env");
    const own = ["--env-file", env, "--secret", "cert"];
    const missing = addTo(path, [...WIKI, ...own]);
    await assert.rejects(missing, { message: `pgod add: env_file: ${env}: there is no such file` });
    await Deno.writeTextFile(env, "A=1\n", { mode: 0o600 });
    const { printed } = await addTo(path, [
      ...WIKI,
      ...own,
      ...["--user", "web", "--branch", "release/1.x", "--compose", "deploy/c.yaml"],
      ...["--ports", "6000/1", "--ports", "7000/0", "--url", "a.org=:7000", "--url", "b.org"],
      ...lists,
      ...["--mount", "/srv/wiki", "--allow", "cap_add:NET_ADMIN"],
    ]);
    const [, wiki] = parseConfig(await Deno.readTextFile(path), path).services;
    assert.deepEqual(wiki, {
      name: "wiki",
      user: "web",
      repository: { url: "https://git.example.org/wiki.git" },
      branch: "release/1.x",
      urls: [
        { name: "a.org", path: "", host: undefined, port: 7000 },
        { name: "b.org", path: "", host: undefined, port: 6000 },
      ],
      ports: [{ from: 6000, to: 6001 }, { from: 7000, to: 7000 }],
      compose: "deploy/c.yaml",
      env: {},
      env_file: env,
      files: { env },
      registries: [],
      secrets: ["cert"],
      mounts: ["/srv/wiki"],
      networks: ["network1", "b"],
      volumes: ["volume1", "b"],
      profiles: ["profile1", "b"],
      allow: ["cap_add:NET_ADMIN"],
    });
    assert.match(printed.join("\n"), /- warning: service 1 is warned of/);
  }));

Deno.test("what is missing is asked for, until the answer is right", () =>
  withConfig(SHOP, async (path) => {
    const made = deskOf([
      "My Wiki",
      "wiki",
      "",
      "",
      "nonsense",
      "/srv/wiki.git",
      "",
      "2",
      "w.example.org",
    ]);
    await addTo(path, [], made);
    const [, wiki] = parseConfig(await Deno.readTextFile(path), path).services;
    assert.equal(wiki?.name, "wiki");
    assert.equal(wiki?.user, "wiki");
    assert.equal(wiki?.branch, "main");
    assert.deepEqual(wiki?.ports, [{ from: 5005, to: 5006 }]);
    assert.deepEqual(wiki?.urls, [
      { name: "w.example.org", path: "", host: undefined, port: 5005 },
    ]);
    assert.match(made.asked[1] ?? "", /"My Wiki" is no service name.*\nName of the service: $/s);
    assert.match(made.asked[4] ?? "", /no repository|it is needed/);
  }));

Deno.test("a user that is missing is offered, where somebody is asked", () =>
  withConfig(SHOP, async (path) => {
    const answers = ["wiki", "", "/srv/wiki.git", "", "0"];
    const no = deskOf([...answers, "maybe", "no"]);
    no.desk.how = "runuser";
    await assert.rejects(addTo(path, ["--dry-run"], no), /this host has no user "shop"/);
    assert.match(
      no.asked.at(-1) ?? "",
      /yes or no\?\nUser wiki cannot run containers here: create it/,
    );
    const yes = deskOf([...answers, ""]);
    yes.desk.how = "runuser";
    await Deno.writeTextFile(path, "");
    await addTo(path, ["--dry-run"], yes);
    assert.match(yes.printed.join("\n"), /user wiki would be created/);
  }));

Deno.test("a dry run prints a patch and changes nothing", () =>
  withConfig(SHOP, async (path) => {
    const { printed, ran } = await addTo(path, [...WIKI, "--dry-run", "--create-user"]);
    assert.equal(await Deno.readTextFile(path), SHOP);
    assert.match(printed.join("\n"), /^--- .*pgo\.toml\n\+\+\+ .*\n@@ -5,3 \+5,10 @@\n/);
    assert.match(printed.join("\n"), /\n\+name = "wiki"\n.*# user wiki would be created/s);
    assert.deepEqual(
      ran.filter(([program]) => /^user|^install$|^loginctl$/.test(program ?? "")),
      [],
    );
  }));

const REFUSED: [name: string, words: string[], expected: RegExp][] = [
  ["a name twice", [...WIKI.with(1, "shop")], /^pgod add: name: a second service "shop"/],
  [
    "another's ports",
    [...WIKI, "--ports", "5002/1", "--ports", "80/0"],
    /^pgod add: ports\[0\]: 5002-5003 overlaps ports of "shop".*; free: 5005\/1$/,
  ],
  [
    "a url outside",
    [...WIKI, "--url", "a.org=:80"],
    /^pgod add: urls\."a\.org": port 80 is outside/,
  ],
  ["a bad branch", [...WIKI, "--branch=-x"], /^pgod add: branch: "-x" is no branch name/],
  ["nobody to ask", ["--name", "wiki"], /^add needs --name and --repository, or a terminal/],
];
for (const [name, words, expected] of REFUSED) {
  Deno.test(`refused, and nothing is changed: ${name}`, () =>
    withConfig(SHOP, async (path) => {
      await assert.rejects(addTo(path, words), ({ message }) => expected.test(message));
      assert.equal(await Deno.readTextFile(path), SHOP);
    }));
}

Deno.test("what a repository behind SSH needs is said", () =>
  withConfig("", async (path) => {
    const { printed } = await addTo(path, WIKI.with(3, "git@git.example.org:wiki.git"));
    assert.match(
      printed.join("\n"),
      /^- the repository is behind SSH: name a deploy key with git_key/m,
    );
  }));

for (const more of [[], ["--create-user"]]) {
  Deno.test(`root is refused as a service's user ${more.join()}`, () =>
    withConfig("", async (path) => {
      const passwd: Record<string, string> = { toor: "toor:x:0:0::/root:/bin/sh\n" };
      for (const user of ["root", "toor"]) {
        const made = deskOf();
        made.desk.how = "runuser";
        made.desk.run = ({ argv }) =>
          Promise.resolve({ code: 0, stdout: passwd[argv.at(-1) ?? ""] ?? "", stderr: "" });
        await assert.rejects(addTo(path, [...WIKI, "--user", user, ...more], made), {
          message: `pgod add: user: "${user}" has uid 0, which is root's; expected another`,
        });
      }
      assert.equal(await Deno.readTextFile(path), "");
    }));
}

Deno.test("the last line is the pgoctl init that fits the first port", () =>
  withConfig(SHOP, async (path) => {
    const { printed } = await addTo(path, WIKI);
    assert.equal(printed.at(-1), "  pgoctl init HOST:wiki --publish 5005:80");
    const none = await addTo(path, ["--name", "a", ...WIKI.slice(2), "--port-count", "0"]);
    assert.equal(none.printed.at(-1), "  pgoctl init HOST:a");
  }));

Deno.test("a user that is missing is refused, with the option that makes it", () =>
  withConfig("", async (path) => {
    const made = deskOf();
    made.desk.how = "runuser";
    await assert.rejects(
      addTo(path, WIKI, made),
      /pgod add: user: this host has no user "wiki".*--create-user makes it$/,
    );
  }));

Deno.test("a user without subordinate ids is refused, with the option that gives it some", () =>
  withConfig("", async (path) => {
    const made = deskOf();
    made.desk.how = "runuser";
    made.desk.run = () =>
      Promise.resolve({ code: 0, stdout: "pgo-no-ids:x:4242424:1::/:/bin/sh\n", stderr: "" });
    await assert.rejects(
      addTo(path, [...WIKI, "--user", "pgo-no-ids", "--port-count", "0"], made),
      /no range in \/etc\/subuid, which rootless Podman needs .*; --create-user gives it one$/,
    );
  }));

Deno.test("a config that is wrong is not added to, and the place is named", () =>
  withConfig(`${SHOP}brunch = "x"\n`, async (path) => {
    await assert.rejects(
      addTo(path, WIKI),
      ({ message }) => message.startsWith(`${path}:8:1: services[0].brunch`),
    );
  }));

Deno.test("a token is not taken from the command line, where everybody could read it", () => {
  for (const url of ["https://u:hunter2@x.org/a.git", "https://hunter2@x.org/a.git"]) {
    assert.throws(
      () => readAddFlags(["-c", "/f", "--name", "a", "--repository", url]),
      (error) => error instanceof FlagError && !error.message.includes("hunter2"),
    );
  }
});

Deno.test("remove takes out what add put in, and says what becomes of the service", () =>
  withConfig(SHOP, async (path) => {
    await addTo(path, WIKI);
    const { desk, printed } = deskOf();
    const flags = readRemoveFlags(["wiki", "-c", path]);
    assert.ok(flags);
    await remove({ ...flags, dryRun: true }, desk);
    assert.match(printed[0] ?? "", /^-name = "wiki"$/m);
    assert.notEqual(await Deno.readTextFile(path), SHOP);
    await remove(flags, desk);
    assert.equal(await Deno.readTextFile(path), SHOP);
    assert.match(printed[1] ?? "", /volumes and data stay/);
    await assert.rejects(remove(flags, desk), /there is no service "wiki", expected one of: shop$/);
  }));

Deno.test("a service can be taken out of a config that is wrong, which is said", () =>
  withConfig(`${SHOP}brunch = "x"\n${SHOP.replace('"shop" #', '"wiki" #')}`, async (path) => {
    const { desk, printed } = deskOf();
    const flags = readRemoveFlags(["wiki", "-c", path]);
    assert.ok(flags);
    await remove(flags, desk);
    assert.match(
      printed.join("\n"),
      /pgod will refuse it:\n\S+:8:1: services\[0\]\.brunch: unknown key/,
    );
  }));
