import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientError, UsageError } from "../../lib/client/error.ts";
import { checkPin, readPins } from "../../lib/client/host_pin.ts";
import { fingerprint } from "../../lib/ssh/access.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { outcome, withServer } from "../ssh/loopback.ts";

const LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP2uT6dKTeZZbPI6T3mKsLFKGJRWzVrgMYYhoYXsL1jd";
const PRINT = fingerprint(
  Uint8Array.from(atob(LINE.split(" ")[1] ?? ""), (char) => char.charCodeAt(0)),
);
const OTHER = `SHA256:${"A".repeat(43)}`;

const GOOD: [what: string, text: string, pins: string[]][] = [
  ["a fingerprint", OTHER, [OTHER]],
  ["padded, among blanks", `  ${OTHER}=\n`, [OTHER]],
  ["several", `${OTHER} ${PRINT},${OTHER}\n${PRINT}`, [OTHER, PRINT, OTHER, PRINT]],
  ["a public key", LINE, [PRINT]],
  ["a .pub file", `${LINE} pgod at home\n`, [PRINT]],
  ["a line of known_hosts", `[host]:2222 ${LINE}`, [PRINT]],
  ["what ssh-keyscan prints", `# host:2222 SSH-2.0-pgod\n[host]:2222 ${LINE}\n`, [PRINT]],
  ["both", `${OTHER}\n${LINE} me`, [OTHER, PRINT]],
];
for (const [what, text, pins] of GOOD) {
  Deno.test(`PGOCTL_HOST_KEY may be ${what}`, () => assert.deepEqual(readPins(text), pins));
}

for (const text of ["", " \n", "# nothing", "yes", "SHA256:abc", LINE.slice(0, 30), "MD5:aa:bb"]) {
  Deno.test(`PGOCTL_HOST_KEY ${JSON.stringify(text)} is one clear line, never "any key"`, () => {
    assert.throws(() => readPins(text), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^PGOCTL_HOST_KEY[^\n]+$/);
      return true;
    });
  });
}

Deno.test("what is wrong with a fingerprint is said", () => {
  assert.throws(() => readPins("SHA256:wrong"), {
    message:
      'PGOCTL_HOST_KEY: "SHA256:wrong" is no fingerprint, expected 43 characters of base64 after SHA256:',
  });
});

Deno.test("whatever PGOCTL_HOST_KEY holds: fingerprints, or an error; and a key only passes by its own", () =>
  fc.assert(fc.property(fc.string(), fc.uint8Array({ minLength: 1 }), (text, key) => {
    let pins: string[];
    try {
      pins = readPins(text);
    } catch (error) {
      return assert.ok(error instanceof UsageError);
    }
    assert.ok(pins.length > 0);
    if (!pins.includes(fingerprint(key))) {
      assert.throws(() => checkPin(pins, "h", key), ClientError);
    }
  })));

const handle: Handle = () => Promise.resolve(3);
Deno.test("with PGOCTL_HOST_KEY known_hosts is neither read nor written, and another key is 76", () =>
  withServer({ handle }, async ({ dir, pgoctl, port, shown }) => {
    const known = `${dir}/.ssh/known_hosts`;
    const keyscan = new Deno.Command("ssh-keygen", { args: ["-y", "-f", `${dir}/host_key`] });
    const line = new TextDecoder().decode((await keyscan.output()).stdout);
    const run = (PGOCTL_HOST_KEY: string) =>
      outcome(
        pgoctl(["-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//ps"], { PGOCTL_HOST_KEY }),
      );
    assert.deepEqual(await run(line), { code: 3, stdout: "", stderr: "" });
    await assert.rejects(Deno.stat(known), Deno.errors.NotFound);
    const before = shown.length;
    const other = await run(OTHER);
    assert.equal(other.code, 76);
    assert.match(
      other.stderr,
      /^pgoctl: the key of \[127\.0\.0\.1\]:\d+ is SHA256:\S+, and PGOCTL_HOST_KEY says SHA256:AAA/,
    );
    assert.equal(shown.length, before, "no key was shown");
    assert.equal((await run("")).code, 64);
    // A file that would refuse every host, were it read.
    await Deno.writeTextFile(known, `@revoked * ${line}`);
    assert.equal((await run(`${OTHER}\n${line}`)).code, 3);
  }));
