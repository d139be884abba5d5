import assert from "node:assert/strict";
import { ClientError } from "../../lib/client/error.ts";
import { givenKey, joinSplitKey } from "../../lib/client/identity.ts";

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

Deno.test("the key is a file, a text, or PGOCTL_ID; -i wins, and CI's line ends are put right", () => {
  const text = `${KEY}\n`;
  assert.deepEqual(givenKey("/home/miek/id", "PRIVATE KEY of another"), { file: "/home/miek/id" });
  assert.deepEqual(givenKey(KEY, undefined), { from: "-i", text });
  assert.deepEqual(givenKey(undefined, `\n${KEY.replaceAll("\n", "\r\n")}\r\n\n`), {
    from: "PGOCTL_ID",
    text,
  });
  assert.equal(givenKey(undefined, undefined), undefined);
});

const BAD: [given: string | undefined, env: string | undefined, message: RegExp][] = [
  [undefined, "", /^no key given: PGOCTL_ID is there, but empty$/],
  ["", undefined, /^no key given: -i is there, but empty$/],
  [undefined, "ssh-ed25519 AAAA", /^PGOCTL_ID holds no private key/],
  [undefined, "/home/miek/.ssh/id", /^PGOCTL_ID holds no private key/],
];
for (const [given, env, message] of BAD) {
  Deno.test(`-i ${JSON.stringify(given)} with PGOCTL_ID ${JSON.stringify(env)} is one line`, () => {
    assert.throws(() => givenKey(given, env), (error) => {
      assert.ok(error instanceof ClientError);
      assert.equal(error.kind, "key");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}
