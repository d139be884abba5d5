import assert from "node:assert/strict";
import { mergeKeys, parseKeyFile } from "../../lib/ssh/access.ts";
import { NO_OPTIONS } from "../../lib/ssh/key_options.ts";

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
      ...NO_OPTIONS,
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
  ["a command", `command="rm -rf /",from="1.2.3.4" ${KEY}`, /the option "command" is none/],
  ["a CA", `cert-authority ${KEY}`, /the option "cert-authority" is none PGO can honour/],
  ["a misspelt option", `pgo-roles="read" ${KEY}`, /the option "pgo-roles" is none/],
  ["a permission nobody has", `port-forwarding ${KEY}`, /the option "port-forwarding" is none/],
  [
    "a role nobody knows",
    `pgo-role="admin" ${KEY}`,
    /pgo-role="admin" is no role, expected "read"/,
  ],
  ["two roles", `pgo-role="read",pgo-role="exec" ${KEY}`, /pgo-role is given twice/],
  ["a role without quotes", `pgo-role=read ${KEY}`, /cannot be read/],
  ["a space after a comma", `no-pty, pgo-role="read" ${KEY}`, /cannot be read/],
  ["an open quote", `pgo-role="read ${KEY}`, /cannot be read/],
  ["a name of a host", `from="*.example.org" ${KEY}`, /"\*.example.org" in from="…" is no address/],
  ["a network with host bits", `from="10.0.0.1/8" ${KEY}`, /has bits set after the first 8/],
  ["a prefix that is too long", `from="10.0.0.0/33" ${KEY}`, /no prefix length from 0 to 32/],
  ["an empty from", `from="" ${KEY}`, /"" in from="…" is no address/],
  ["a day no month has", `expiry-time="20260230" ${KEY}`, /is no time, expected YYYYMMDD/],
  ["a date with dashes", `expiry-time="2026-02-03" ${KEY}`, /is no time, expected YYYYMMDD/],
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

Deno.test("a key that stands twice has what all its lines allow, and a refused line takes it away", () => {
  const read = (...lines: string[]) =>
    mergeKeys(lines.map((line, at) => parseKeyFile(`ssh/${at}.pub`, line)));
  const twice = read(
    `pgo-role="exec",from="10.0.0.0/8" ${KEY} a`,
    `pgo-role="read",expiry-time="20300101Z",no-pty ${KEY} b`,
    `pgo-role="exec",from="!10.0.0.1,10.*",expiry-time="20290101Z" ${KEY} c`,
  );
  assert.deepEqual(
    twice.map(({ role, from, expires, pty, comment }) => [
      role,
      from.map(({ text }) => text),
      expires,
      pty,
      comment,
    ]),
    [["read", ["10.0.0.0/8", "!10.0.0.1,10.*"], Date.UTC(2029, 0, 1), false, "a"]],
  );
  for (const refused of [`from="office" ${KEY}`, `no-pty, pgo-role="read" ${KEY}`]) {
    assert.deepEqual(read(`pgo-role="exec" ${KEY}`, refused), []);
  }
});
