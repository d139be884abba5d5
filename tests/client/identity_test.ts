import assert from "node:assert/strict";
import { ClientError } from "../../lib/client/error.ts";
import { joinSplitKey, readIdentity } from "../../lib/client/identity.ts";

const KEY =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\nAAAA==\n-----END OPENSSH PRIVATE KEY-----";

for (const kind of ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY"]) {
  Deno.test(`a ${kind} that a shell split is put together again`, () => {
    const key = KEY.replaceAll("OPENSSH PRIVATE KEY", kind);
    const words = ["-i", ...key.split(/\s+/), "h:s//ps", "-x"];
    assert.deepEqual(joinSplitKey(words), ["-i", key, "h:s//ps", "-x"]);
    assert.deepEqual(joinSplitKey(["-p", "22", ...words]), [
      "-p",
      "22",
      "-i",
      key,
      "h:s//ps",
      "-x",
    ]);
  });
}

const SPLIT = KEY.split(/\s+/);
const OTHERS: [what: string, argv: string[]][] = [
  ["nothing", []],
  ["a key in one word", ["-i", KEY, "h:s//ps"]],
  ["a file", ["-i", "/home/miek/.ssh/id", "h:s//ps"]],
  ["the command's own words", ["h:s//exec", "web", "echo", ...SPLIT]],
  ["a beginning without an end", ["-i", ...SPLIT.slice(0, 5), "h:s//ps"]],
  ["an end without a beginning", ["-i", ...SPLIT.slice(5), "h:s//ps"]],
];
for (const [what, argv] of OTHERS) {
  Deno.test(`what is no split key stays as it is: ${what}`, () => {
    assert.deepEqual(joinSplitKey(argv), argv);
  });
}

Deno.test("the key is a file, a text, or PGOCTL_ID; -i wins, and CI's line ends are put right", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, KEY.replaceAll("\n", "\r\n"));
    assert.equal(await readIdentity(file, "PRIVATE KEY of another"), `${KEY}\n`);
    assert.equal(await readIdentity(KEY, undefined), `${KEY}\n`);
    assert.equal(await readIdentity(undefined, `\n${KEY}\r\n\n`), `${KEY}\n`);
  } finally {
    await Deno.remove(file);
  }
});

const BAD: [given: string | undefined, env: string | undefined, message: RegExp][] = [
  [undefined, undefined, /^no key given, expected -i FILE, or the text .* in PGOCTL_ID$/],
  [undefined, "", /^no key given/],
  ["", undefined, /^no key given|^-i /],
  ["/nowhere/id", undefined, /^-i \/nowhere\/id: No such file/],
  ["/", undefined, /^-i \/: Is a directory/],
  [undefined, "ssh-ed25519 AAAA", /^PGOCTL_ID holds no private key/],
  [undefined, "/home/miek/.ssh/id", /^PGOCTL_ID holds no private key/],
];
for (const [given, env, message] of BAD) {
  Deno.test(`-i ${JSON.stringify(given)} with PGOCTL_ID ${JSON.stringify(env)} is one line`, async () => {
    await assert.rejects(readIdentity(given, env), (error) => {
      assert.ok(error instanceof ClientError);
      assert.equal(error.kind, "key");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}
