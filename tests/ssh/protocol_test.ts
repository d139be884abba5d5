import assert from "node:assert/strict";
import fc from "fast-check";
import { parseKeyFile } from "../../lib/ssh/access.ts";
import { checkHost, hostLine } from "../../lib/ssh/known_hosts.ts";
import { decodeLine, encodeLine, parseTarget } from "../../lib/ssh/protocol.ts";
import { StatusError } from "../../lib/ssh/status.ts";

Deno.test("arguments arrive unchanged, whatever they hold", () => {
  const args = fc.array(fc.string({ unit: "binary" }));
  fc.assert(fc.property(args, (args) => {
    const sent = { service: "pgo", command: "exec", args };
    assert.deepEqual(decodeLine(encodeLine(sent)), sent);
  }));
});

Deno.test("what plain ssh and the ancestor's client send is understood", () => {
  assert.deepEqual(decodeLine("pgo//ps"), { service: "pgo", command: "ps", args: [] });
  assert.deepEqual(decodeLine("pgo//logs -f  web"), {
    service: "pgo",
    command: "logs",
    args: ["-f", "web"],
  });
});

Deno.test("lines that are none are a 400", () => {
  for (const line of ["", "ps", "//ps", "pgo//ps 'x", "x".repeat(70_000)]) {
    assert.throws(
      () => decodeLine(line),
      (error: unknown) => error instanceof StatusError && error.status === 400,
      line.slice(0, 20),
    );
  }
});

Deno.test("targets", () => {
  assert.deepEqual(parseTarget("localhost:pgo//ps"), {
    host: "localhost",
    user: undefined,
    service: "pgo",
    command: "ps",
  });
  assert.equal(parseTarget("[::1]:pgo//ps").host, "::1");
  assert.equal(parseTarget("me@h:pgo//ps").user, "me");
  for (const text of ["", "pgo//ps", "h:pgo", "h:pgo/ps", "h://ps", "-o:pgo//ps"]) {
    assert.throws(() => parseTarget(text), text);
  }
});

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP2uT6dKTeZZbPI6T3mKsLFKGJRWzVrgMYYhoYXsL1jd";

Deno.test("key files: good lines are keys, bad ones are problems with their line", () => {
  const text =
    `# comment\r\n${KEY} miek at home\r\n\r\nssh-dss AAAA x\nssh-ed25519 AAAAC3Nz x\nfrom="1.2.3.4" ${KEY}\n`;
  const { keys, problems } = parseKeyFile("ssh/a.pub", text);
  assert.deepEqual(keys.map(({ comment, line, type }) => ({ comment, line, type })), [{
    comment: "miek at home",
    line: 2,
    type: "ssh-ed25519",
  }]);
  assert.deepEqual(problems.map(({ line }) => line), [4, 5, 6]);
  assert.match(problems[2]?.message ?? "", /options before a key are not supported/);
});

Deno.test("a private key is a loud problem and no key", () => {
  const { keys, problems } = parseKeyFile(
    "ssh/id",
    `${KEY}\n-----BEGIN OPENSSH PRIVATE KEY-----\n`,
  );
  assert.deepEqual(keys, []);
  assert.deepEqual(problems.map(({ line, loud }) => ({ line, loud })), [{ line: 2, loud: true }]);
});

Deno.test("known_hosts: pinned, changed, revoked, of another port, hashed", async () => {
  const bytes = (blob: string) => Uint8Array.from(atob(blob), (char) => char.charCodeAt(0));
  const key = bytes(KEY.split(" ")[1] ?? "");
  const other = key.map((byte, at) => at === key.length - 1 ? byte ^ 1 : byte);
  const text = hostLine("Host", 2222, key);
  assert.equal(checkHost(text, "host", 2222, key), "known");
  assert.equal(checkHost(text, "host", 2222, other), "changed");
  assert.equal(checkHost(text, "host", 2223, key), "new");
  assert.equal(checkHost(`@revoked ${text}`, "host", 2222, key), "revoked");
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(
    file,
    text.toLowerCase().replace(/ .*/, text.replace(/^\S+/, "").trimEnd()),
  );
  await new Deno.Command("ssh-keygen", {
    args: ["-q", "-H", "-f", file],
    stdout: "null",
    stderr: "null",
  }).output();
  const hashed = await Deno.readTextFile(file);
  assert.match(hashed, /^\|1\|/);
  assert.equal(checkHost(hashed, "host", 2222, key), "known");
  assert.equal(checkHost(hashed, "host", 2222, other), "changed");
});
