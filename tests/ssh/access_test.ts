import assert from "node:assert/strict";
import { parseKeyFile } from "../../lib/ssh/access.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP2uT6dKTeZZbPI6T3mKsLFKGJRWzVrgMYYhoYXsL1jd";

async function keygen(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("ssh-keygen", { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The public half of a new key, and what ssh-keygen says its fingerprint is. */
async function madeKey(type: string, bits: string): Promise<{ text: string; print: string }> {
  const dir = await Deno.makeTempDir();
  try {
    await keygen("-q", "-t", type, "-b", bits, "-N", "", "-C", "miek at home", "-f", `${dir}/key`);
    const [, print = ""] = (await keygen("-l", "-f", `${dir}/key.pub`)).split(" ");
    return { text: await Deno.readTextFile(`${dir}/key.pub`), print };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const GOOD = [
  ["ed25519", "256", "ssh-ed25519"],
  ["ecdsa", "256", "ecdsa-sha2-nistp256"],
  ["ecdsa", "384", "ecdsa-sha2-nistp384"],
  ["ecdsa", "521", "ecdsa-sha2-nistp521"],
  ["rsa", "2048", "ssh-rsa"],
] as const;
for (const [name, bits, type] of GOOD) {
  Deno.test(`a key of ssh-keygen -t ${name} -b ${bits} is read as ssh-keygen reads it`, async () => {
    const { text, print } = await madeKey(name, bits);
    const { keys, problems } = parseKeyFile("ssh/miek.pub", text);
    assert.deepEqual(problems, []);
    assert.deepEqual(keys, [{
      type,
      blob: text.split(" ")[1],
      fingerprint: print,
      comment: "miek at home",
      file: "ssh/miek.pub",
      line: 1,
    }]);
  });
}

Deno.test("an RSA key of 1024 bits is refused, and the line says how many it needs", async () => {
  const { text } = await madeKey("rsa", "1024");
  const { keys, problems } = parseKeyFile("ssh/old.pub", text);
  assert.deepEqual(keys, []);
  assert.deepEqual(problems, [{
    line: 1,
    message: "an RSA key of 1024 bits is too weak, expected 2048",
    loud: false,
  }]);
});

Deno.test("comments, empty lines, CRLF, a byte order mark and a missing last newline are fine", () => {
  const text = `\ufeff# who\r\n\r\n  ${KEY} miek\r\n\t# more\r\n${KEY}`;
  const { keys, problems } = parseKeyFile("ssh/all", text);
  assert.deepEqual(problems, []);
  assert.deepEqual(keys.map(({ line, comment }) => [line, comment]), [[3, "miek"], [5, ""]]);
});

const BLOB = KEY.split(" ")[1] ?? "";
const BAD: [what: string, line: string, message: RegExp][] = [
  ["an old type", "ssh-dss AAAAB3NzaC1kc3MAAACB x", /"ssh-dss" is no key type, expected one of/],
  ["a security key", "sk-ssh-ed25519@openssh.com AAAA x", /is no key type, expected one of/],
  ["no key at all", "hello", /"hello" is no key type/],
  ["a type alone", "ssh-ed25519", /damaged/],
  ["a cut key", `ssh-ed25519 ${BLOB.slice(0, -8)} x`, /damaged/],
  ["a key of another type", `ssh-rsa ${BLOB} x`, /damaged/],
  ["no base64", `ssh-ed25519 ${BLOB.slice(0, -1)}! x`, /damaged/],
  ["an option", `no-pty ${KEY}`, /options before a key are not supported/],
  ["a quoted option", `command="rm -rf /",from="1.2.3.4" ${KEY}`, /options before a key are not/],
  ["a CA", `cert-authority ${KEY}`, /options before a key are not supported/],
];
for (const [what, line, message] of BAD) {
  Deno.test(`a bad line is skipped with its number, its neighbours stay: ${what}`, () => {
    const { keys, problems } = parseKeyFile("ssh/all", `${KEY} a\n${line}\n${KEY} b\n`);
    assert.deepEqual(keys.map(({ line }) => line), [1, 3]);
    assert.deepEqual(problems.map(({ line, loud }) => [line, loud]), [[2, false]]);
    assert.match(problems[0]?.message ?? "", message);
    assert.doesNotMatch(problems[0]?.message ?? "", /\n/);
  });
}

const SECRETS = [
  "-----BEGIN OPENSSH PRIVATE KEY-----",
  "-----BEGIN RSA PRIVATE KEY-----",
  "-----BEGIN EC PRIVATE KEY-----",
  "-----BEGIN PRIVATE KEY-----",
  "-----BEGIN ENCRYPTED PRIVATE KEY-----",
  "PuTTY-User-Key-File-3: ssh-ed25519",
];
for (const secret of SECRETS) {
  Deno.test(`a private key is one loud problem and opens nothing: ${secret}`, () => {
    const { keys, problems } = parseKeyFile("ssh/id", `${KEY} miek\n${secret}\nb3BlbnNzaC1r\n`);
    assert.deepEqual(keys, []);
    assert.deepEqual(problems.map(({ line, loud }) => [line, loud]), [[2, true]]);
    assert.doesNotMatch(problems[0]?.message ?? "", /b3BlbnNzaC1r/);
  });
}
