import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/client/error.ts";
import { globFiles } from "../../lib/client/glob.ts";
import { type Keyword, readSshConfig, type Said } from "../../lib/client/ssh_config.ts";

const read = (path: string) => {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
};

async function sshG(args: string[]): Promise<Map<string, string[]>> {
  const { code, stdout, stderr } = await new Deno.Command("ssh", { args: ["-G", ...args] })
    .output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const said = new Map<string, string[]>();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    const [keyword = "", ...words] = line.split(" ");
    said.set(keyword, [...said.get(keyword) ?? [], ...words]);
  }
  return said;
}

const LOCAL_USER = (await sshG(["-F", "none", "x"])).get("user")?.[0] ?? "";

/** Runs `body` with a folder that holds `files`; `DIR` in them is the folder. */
async function withFiles(
  files: Record<string, string>,
  body: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text.replaceAll("DIR", dir), { mode: 0o600 });
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function readHere(dir: string, host: string, user?: string): Said {
  const subject = { host, user, localUser: LOCAL_USER, home: dir };
  return readSshConfig([`${dir}/config`], subject, { read, glob: globFiles });
}

const COMPARED: [keyword: Keyword, byDefault: (host: string) => string[]][] = [
  ["hostname", (host) => [host]],
  ["port", () => ["22"]],
  ["user", () => [LOCAL_USER]],
  ["identitiesonly", () => ["no"]],
  ["hashknownhosts", () => ["no"]],
];

/** Compares what we read with what `ssh -G` says, for keywords both print alike. */
async function compare(dir: string, host: string, user?: string): Promise<void> {
  const ours = readHere(dir, host, user);
  const theirs = await sshG(["-F", `${dir}/config`, ...user ? ["-l", user] : [], host]);
  for (const [keyword, byDefault] of COMPARED) {
    const given = keyword === "user" && user ? [user] : ours.get(keyword)?.words;
    const words = given?.map((word) => word.replace(/%([%h])/g, (_, t) => t === "h" ? host : "%"));
    const expected = theirs.get(keyword);
    assert.deepEqual(
      (words ?? byDefault(host)).map((word) => keyword === "hostname" ? word.toLowerCase() : word),
      expected,
      `${keyword} of ${host}`,
    );
  }
  for (const keyword of ["identityfile", "userknownhostsfile"] as const) {
    const said = ours.get(keyword)?.words.join(" ");
    if (said) assert.equal(said, theirs.get(keyword)?.join(" "), `${keyword} of ${host}`);
  }
}

const CONFIGS: [what: string, files: Record<string, string>, hosts: string[]][] = [
  ["an alias", {
    config: "Host web\n  HostName web.example.org\n  Port 2200\n  User deploy\n",
  }, ["web", "WEB", "web1", "web.example.org"]],
  ["the first word wins, and files add up", {
    config:
      "IdentityFile /k0\nHost a*\n Port 1\n IdentityFile /k1\nHost *\n Port 2\n IdentityFile /k2\n IdentityFile /k1\n",
  }, ["abc", "b"]],
  ["patterns and negation", {
    config: "Host !a1 a?\n Port 1\nHost b* !b2\n Port 2\nHost ? c.*.d\n Port 3\nHost *\n Port 9\n",
  }, ["a1", "a2", "a", "b1", "b2", "x", "c.x.y.d", "c..d", "zz"]],
  ["odd writing", {
    config:
      '# a comment\n\tHOST = "q" r\n\t\tport=7\t \n  UserKnownHostsFile "/a b" /c\\ d \'/e f\' # what\n  user   =  "x"\n\nHost=s\nPort 8\r\n',
  }, ["r", "s", "q"]],
  ["tokens of HostName", { config: "Host t*\n HostName %h.in.%%example\n" }, ["t1", "u"]],
  ["a capital HostName", { config: "Host t\n HostName TEST.Example\n" }, ["t"]],
  ["Match", {
    config:
      "Host m\n HostName m.example\nMatch host m.example user bob\n Port 1\nMatch originalhost m,n !user eve\n Port 2\nMatch user eve\n Port 3\nMatch all\n Port 4\n",
  }, ["m", "n", "o"]],
  ["Match with other writing", {
    config:
      'Match host="a*,!ab" originalhost *\n Port 1\nMatch !host c*\n Port 2\nMatch localuser nobody-here\n Port 3\n',
  }, ["aa", "ab", "cc"]],
  ["Match final", {
    config:
      "Host f\n HostName real.example\nMatch final host real.example\n Port 5\n User late\nHost f\n Port 6\n",
  }, ["f", "real.example"]],
  ["includes", {
    config:
      "Include DIR/one DIR/none DIR/d*.conf\nHost i\n Include DIR/two\n User ann\nHost *\n Port 5\n",
    one: "Host j\n Port 1\n",
    two: "Port 2\nHost k\n Port 3\n",
    "d2.conf": "Host l\n Port 8\n",
    "d1.conf": "Host l\n Port 7\n",
  }, ["i", "j", "k", "l", "m"]],
  ["a Match exec that does not matter", {
    config: 'Match originalhost other exec "true"\n Port 1\nMatch exec "false"\n Compression yes\n',
  }, ["a"]],
  ["what is not for pgoctl", {
    config:
      "Host *\n SendEnv LANG LC_*\n LocalForward 8080 localhost:80\n Ciphers aes128-ctr\n HashKnownHosts yes\n ProxyCommand none\n",
  }, ["a"]],
];
for (const [what, files, hosts] of CONFIGS) {
  Deno.test(`read as ssh -G reads it: ${what}`, () =>
    withFiles(files, async (dir) => {
      for (const host of hosts) {
        await compare(dir, host);
        await compare(dir, host, "bob");
        await compare(dir, host, "eve");
      }
    }));
}

const NAMES = fc.constantFrom("a", "ab", "b", "a.c", "cc");
const PATTERN = fc.array(
  fc.tuple(
    fc.constantFrom("", "!"),
    fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "."), minLength: 1, maxLength: 4 }),
  ),
  { minLength: 1, maxLength: 3 },
).map((parts) => parts.map((part) => part.join("")));
const SETTING = fc.oneof(
  fc.integer({ min: 1, max: 65535 }).map((port) => `Port ${port}`),
  NAMES.map((name) => `User ${name}`),
  NAMES.map((name) => `HostName ${name}.example`),
  NAMES.map((name) => `IdentityFile "/keys/${name} x"`),
);
const BLOCK = fc.tuple(
  fc.oneof(
    PATTERN.map((words) => `Host ${words.join(" ")}`),
    PATTERN.map((words) => `Match host ${words.join(",")}`),
    PATTERN.map((words) => `Match originalhost ${words.join(",")} !user b`),
    NAMES.map((name) => `Match user ${name}`),
  ),
  fc.array(SETTING, { maxLength: 3 }),
).map(([head, settings]) => [head, ...settings].join("\n  "));

Deno.test("read as ssh -G reads it: whatever is generated", () =>
  fc.assert(
    fc.asyncProperty(fc.array(BLOCK, { minLength: 1, maxLength: 5 }), NAMES, (blocks, host) =>
      withFiles({ config: blocks.join("\n") + "\n" }, (dir) =>
        compare(dir, host))),
    { numRuns: 60 },
  ));

Deno.test("relative includes are in ~/.ssh, and one that includes itself ends", () =>
  withFiles({ config: "" }, async (dir) => {
    await Deno.mkdir(`${dir}/.ssh`);
    await Deno.writeTextFile(`${dir}/.ssh/more`, "Port 7\n");
    await Deno.writeTextFile(`${dir}/config`, "Include more\n");
    assert.equal(readHere(dir, "h").get("port")?.where, `${dir}/.ssh/more:1`);
    await Deno.writeTextFile(`${dir}/config`, `Include ~/config\n`);
    assert.throws(() => readHere(dir, "h"), /too many files include each other/);
  }));

const BAD: [what: string, text: string, message: RegExp][] = [
  ["no argument", "\nHost a\n  Port\n", /config:3: no argument after Port/],
  ["an open quote", 'User "me\n', /config:1: a quote is not closed/],
  ["two words", "Port 1 2\n", /config:1: more than one word after port/],
  ["Match all with more", "Match all user x\n", /config:1: Match all stands alone/],
  ["Match without its argument", "Match host\n", /config:1: Match host needs an argument/],
  [
    "a Match exec that matters",
    'Match exec "true"\n Port 7\n',
    /config:2: whether this port holds/,
  ],
];
for (const [what, text, message] of BAD) {
  Deno.test(`one line with its place: ${what}`, () =>
    withFiles({ config: text }, (dir) => {
      assert.throws(() => readHere(dir, "h"), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
      return Promise.resolve();
    }));
}
