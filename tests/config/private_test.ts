import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../lib/config/parse.ts";
import { permissionFlags } from "../../lib/config/permissions.ts";
import { parseRegistryFile, parseRegistryLogin } from "../../lib/config/registries.ts";
import { parseCredentials, parseRepository } from "../../lib/config/repository.ts";

const HEAD = '[[services]]\nname = "pgo"\nuser = "miek"\n';
const HTTP = `${HEAD}repository = "https://git.example.org/pgo"\n`;
const SSH = `${HEAD}repository = "git@git.example.org:pgo.git"\n`;

function problems(text: string): string {
  try {
    parseConfig(text, "pgo.toml");
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

Deno.test("logins end at the last @ and begin with the user, whatever is in the token", () => {
  assert.deepEqual(parseRegistryLogin("me@x.org:to:k@en@reg.example.org:5000/team"), {
    registry: "reg.example.org:5000/team",
    username: "me@x.org",
    password: "to:k@en",
  });
  assert.deepEqual(parseRegistryLogin("robot$a+b:t@harbor").username, "robot$a+b");
});

const NO_LOGINS = [
  "hunter2",
  "u:hunter2",
  "hunter2@reg",
  ":hunter2@reg",
  "u:hunter2@-x",
  "-u:hunter2@reg",
  "u:hunter2@",
];
for (const text of NO_LOGINS) {
  Deno.test(`no login, and not repeated: ${text}`, () => {
    const said = problems(`${HTTP}registries = [${JSON.stringify(text)}]\n`);
    assert.match(said, /^pgo\.toml:5:15: services\[0\]\.registries\[0\]: this .*expected/);
    assert.ok(!said.includes("hunter2"), said);
  });
}

Deno.test("a secret where a list is expected is not repeated", () => {
  for (const line of ['registries = "u:hunter2@reg"', 'env = "S=hunter2"', "registries = [5]"]) {
    const said = problems(`${HTTP}${line}\n`);
    assert.match(said, /^pgo\.toml:5:\d+: services\[0\]\..*expected/);
    assert.ok(!said.includes("hunter2"), said);
  }
});

Deno.test("a file of logins has comments, and its mistakes have their line", () => {
  assert.deepEqual(parseRegistryFile("# ours\n\nu:t@reg\r\n"), [
    { registry: "reg", username: "u", password: "t" },
  ]);
  assert.throws(
    () => parseRegistryFile("u:t@reg\nhunter2\n"),
    (error: Error) =>
      error.message.startsWith("2: this is no login") && !error.message.includes("hunter2"),
  );
});

Deno.test("files of secrets: which there are, each with what it is for", () => {
  const [service] = parseConfig(
    `${SSH}env_file = "/e"\ngit_key = "/k"\ngit_known_hosts = "/h"\nregistries = ["/r", "u:t@reg"]\nsecrets = ["s"]\n`,
    "pgo.toml",
  ).services;
  assert.deepEqual(service?.files, { env: "/e", gitKey: "/k", gitKnownHosts: "/h" });
  assert.deepEqual(service?.registries, [
    { file: "/r" },
    { registry: "reg", username: "u", password: "t" },
  ]);
  assert.deepEqual(service?.secrets, ["s"]);
});

const MISPLACED: [text: string, expected: RegExp][] = [
  [`${SSH}git_credentials = "/c"\n`, /:5:1: .*git_credentials: the repository is not behind HTTP/],
  [`${HTTP}git_key = "/c"\n`, /:5:1: services\[0\]\.git_key: the repository is not behind SSH/],
  [`${HTTP}git_known_hosts = "/c"\n`, /git_known_hosts: the repository is not behind SSH/],
  [
    `${HTTP.replace("https://", "https://u:hunter2@")}git_credentials = "/c"\n`,
    /git_credentials: the repository has credentials in its URL/,
  ],
  [`${HTTP}env_file = "etc/x"\n`, /:5:1: services\[0\]\.env_file: "etc\/x" is no absolute path/],
  [`${HTTP}env_file = "/etc/a,b"\n`, /env_file: .*no comma/],
  [`${HTTP}env_file = "/etc/../b"\n`, /env_file: .*no absolute path/],
];
for (const [text, expected] of MISPLACED) {
  Deno.test(`refused: ${text.split("\n").at(-2)}`, () => {
    const said = problems(text);
    assert.match(said, expected);
    assert.ok(!said.includes("hunter2"), said);
  });
}

Deno.test("credentials of a file are one line, and never repeated", () => {
  assert.deepEqual(parseCredentials("u:a:b\n"), { username: "u", password: "a:b" });
  for (const text of ["hunter2", ":hunter2", "u:hunter2\nx:y\n", "u:hunter2\u0007"]) {
    assert.throws(
      () => parseCredentials(text),
      (error: Error) => !error.message.includes("hunter2"),
    );
  }
  assert.throws(() => parseRepository("https://u:hun%0Ater2@h/x"), /control characters/);
});

Deno.test("pgod may read the files of secrets that the config names, and no others", () => {
  const facts = { config: "/c", dir: "/d", listen: ["[::]:2222"] };
  const { services } = parseConfig(
    `${SSH}env_file = "/e"\ngit_key = "/k"\nregistries = ["/e"]\n`,
    "c",
  );
  const flags = permissionFlags({ ...facts, how: "self", services });
  assert.ok(flags.includes("--allow-read=/c,/d,/e,/k"), flags.join(" "));
  assert.match(flags.join(" "), /--allow-run=\S*ssh-agent/);
  const plain = permissionFlags({
    ...facts,
    how: "self",
    services: parseConfig(HTTP, "c").services,
  });
  assert.ok(plain.includes("--allow-read=/c,/d"));
  assert.doesNotMatch(plain.join(" "), /ssh-agent/);
  assert.doesNotMatch(
    permissionFlags({ ...facts, how: "runuser", services }).join(" "),
    /ssh-agent/,
  );
});
