import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../lib/config/parse.ts";
import { SSH_LIMITS, sshSchema } from "../../lib/config/ssh.ts";

const GOOD = `[[services]]
name = "pgo"
user = "miek"
repository = "https://github.com/miekg/pgo"
branch = "main"
urls = { "pgo.science.ru.nl" = ":5007" }
ports = [ "5005/5", "1025/5" ]
env = [ "KEY=value=with=signs" ]
`;

function problems(text: string): string[] {
  try {
    parseConfig(text, "pgo.toml");
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

Deno.test("the design document's config is read", () => {
  const [service] = parseConfig(GOOD, "pgo.toml").services;
  assert.deepEqual(service?.ports, [{ from: 5005, to: 5010 }, { from: 1025, to: 1030 }]);
  assert.deepEqual(service?.urls, [
    { name: "pgo.science.ru.nl", path: "", host: undefined, port: 5007 },
  ]);
  assert.deepEqual(service?.env, { KEY: "value=with=signs" });
});

Deno.test("the example config is right, and names the limits that hold without it", async () => {
  const text = await Deno.readTextFile(new URL("../../config.example.toml", import.meta.url));
  const { services, ssh } = parseConfig(text, "config.example.toml");
  assert.ok(services.length > 0);
  assert.deepEqual(ssh, SSH_LIMITS);
  for (const key of Object.keys(sshSchema.entries)) {
    assert.match(text, new RegExp(`^${key} = `, "m"));
  }
});

const BAD: [name: string, from: string, to: string, expected: RegExp][] = [
  ["unknown key", "branch =", "brunch =", /^pgo\.toml:5:1: services\[0\]\.brunch: unknown key/],
  ["name", '"pgo"\n', '"a_b"\n', /^pgo\.toml:2:1: services\[0\]\.name: "a_b" is no service name/],
  ["missing", 'user = "miek"\n', "", /^pgo\.toml:1:1: services\[0\]\.user: missing/],
  [
    "port range",
    '"5005/5"',
    '"5005-5"',
    /^pgo\.toml:7:11: services\[0\]\.ports\[0\]: "5005-5" is no port range/,
  ],
  ["port 0", '"1025/5"', '"0/5"', /services\[0\]\.ports\[1\]: "0\/5" means ports 0 to 5/],
  ["port 65536", '"1025/5"', '"65535/1"', /means ports 65535 to 65536/],
  [
    "url outside",
    ":5007",
    ":6000",
    /^pgo\.toml:6:10: services\[0\]\.urls\."pgo\.science\.ru\.nl": port 6000 is outside/,
  ],
  ["url target", ":5007", "5007", /is no port of this host/],
  ["branch", '"main"', '"-x"', /services\[0\]\.branch: "-x" is no branch name/],
  [
    "steering variable",
    "KEY=value",
    "PATH=value",
    /services\[0\]\.env\[0\]: PATH steers podman-compose/,
  ],
  [
    "ext:: repository",
    "https://github.com/miekg/pgo",
    "ext::sh -c id",
    /services\[0\]\.repository/,
  ],
  ["unknown table", GOOD, "[server]\nport = 1\n", /^pgo\.toml:1:1: server: unknown key/],
  ["unknown global key", GOOD, '[global]\nadmins = "/x"\n', /global\.admins: unknown key/],
  [
    "relative admin file",
    GOOD,
    '[global]\nadmin_keys = "keys"\n',
    /^pgo\.toml:2:1: global\.admin_keys: "keys" is no absolute path/,
  ],
  ["unknown limit", GOOD, "[ssh]\ntries = 3\n", /^pgo\.toml:2:1: ssh\.tries: unknown key/],
  ["limit of another type", GOOD, '[ssh]\nsessions = "3"\n', /ssh\.sessions: "3" given/],
  ["limit out of range", GOOD, "[ssh]\nsessions = 0\n", /ssh\.sessions: 0 is not from 1 to 1000/],
  ["limit without unit", GOOD, '[ssh]\nidle = "10"\n', /ssh\.idle: "10" is no duration/],
  ["no TOML", "[[services]]", "[[services]", /^pgo\.toml:\d+:\d+: no TOML/],
];

for (const [name, from, to, expected] of BAD) {
  Deno.test(`refused: ${name}`, () => {
    const [line = ""] = problems(GOOD.replace(from, to));
    assert.match(line, expected);
  });
}

Deno.test("limits that are not given have their defaults, those that are given hold", () => {
  const { ssh, global } = parseConfig(
    `[global]\nadmin_keys = "/etc/pgo/admin_keys"\n[ssh]\nsessions = 3\nlogin_grace = "2m"\n${GOOD}`,
    "f",
  );
  assert.deepEqual(ssh, { ...SSH_LIMITS, sessions: 3, loginGrace: 120_000 });
  assert.equal(global.adminKeys, "/etc/pgo/admin_keys");
  assert.deepEqual(parseConfig(GOOD, "f").ssh, SSH_LIMITS);
});

Deno.test("all problems come at once, in the order of the file", () => {
  const lines = problems(GOOD.replace("5005/5", "x") + GOOD.replace("miek", "-") + "zz = 1\n");
  assert.equal(lines.length, 6);
  assert.match(lines.join("\n"), /services\[1\]\.zz: unknown[^]*$/);
  const order = lines.map((line) => Number(line.split(":")[1]));
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
});

Deno.test("ports and urls have one owner", () => {
  const two = GOOD + GOOD.replace('"pgo"\n', '"two"\n').replace("5005/5", "5010/1");
  const text = problems(two).join("\n");
  assert.match(text, /services\[1\]\.ports\[0\]: 5010-5011 overlaps ports of "pgo"/);
  assert.match(text, /services\[1\]\.urls\S+: another service has this url already/);
});

Deno.test("no problem repeats a secret", () => {
  const text = GOOD.replace("https://github.com/miekg/pgo", "ftp://u:tok3n@x/y").replace(
    "KEY=value=with=signs",
    "s3cret",
  );
  assert.ok(problems(text).length >= 2);
  assert.doesNotMatch(problems(text).join("\n"), /tok3n|s3cret/);
  const [service] = parseConfig(GOOD.replace("https://", "https://u:tok3n@"), "f").services;
  assert.equal(service?.repository.url, "https://github.com/miekg/pgo");
  assert.deepEqual(service?.repository.credentials, { username: "u", password: "tok3n" });
});
