import assert from "node:assert/strict";
import { fingerprint } from "../../lib/ssh/access.ts";
import { ClientError } from "../../lib/client/error.ts";
import { hostLine } from "../../lib/client/known_hosts.ts";
import { pinHost } from "../../lib/client/pinning.ts";

const TYPE = new TextEncoder().encode("ssh-ed25519");
const keyOf = (fill: number) =>
  Uint8Array.from([0, 0, 0, TYPE.length, ...TYPE, 0, 0, 0, 32, ...Array(32).fill(fill)]);
const KEY = keyOf(1);
const HOST = { name: "h", port: 2222, pins: undefined, globalFiles: [], hash: false };

interface Outcome {
  said: string[];
  refused: string | undefined;
}

/** Shows `key` of `h:2222` against a file that holds `before`, or that is not there. */
async function show(
  before: string | undefined,
  body: (pin: (key?: Uint8Array, strict?: boolean) => Outcome, file: string) => void,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const file = `${dir}/.ssh/known_hosts`;
  if (before !== undefined) {
    await Deno.mkdir(`${dir}/.ssh`);
    await Deno.writeTextFile(file, before);
  }
  const pin = (key: Uint8Array = KEY, strict = false): Outcome => {
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    try {
      pinHost({ ...HOST, files: [file], strict: strict ? "--strict" : undefined }, key, say);
    } catch (error) {
      assert.ok(error instanceof ClientError);
      assert.equal(error.kind, "host key");
      assert.doesNotMatch(error.message, /\n/);
      return { said, refused: `${error.message} (${error.hint})` };
    }
    return { said, refused: undefined };
  };
  try {
    body(pin, file);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a new host is told, written down for its user only, and known from then on", () =>
  show(undefined, (pin, file) => {
    assert.deepEqual(pin(), {
      said: [`pgoctl: new host [h]:2222 with key ${fingerprint(KEY)}, added to ${file}`],
      refused: undefined,
    });
    assert.equal(Deno.readTextFileSync(file), hostLine("h", 2222, KEY));
    assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(pin(), { said: [], refused: undefined });
    assert.equal(Deno.readTextFileSync(file), hostLine("h", 2222, KEY));
  }));

Deno.test("a file without a last newline keeps its last entry", () =>
  show(hostLine("a", 22, KEY).trimEnd(), (pin, file) => {
    pin();
    assert.equal(
      Deno.readTextFileSync(file),
      hostLine("a", 22, KEY) + hostLine("h", 2222, KEY),
    );
  }));

Deno.test("a changed key is refused, with the command that forgets it; the file stays", () =>
  show(hostLine("h", 2222, KEY), (pin, file) => {
    const { said, refused = "" } = pin(keyOf(2));
    assert.deepEqual(said, []);
    assert.match(refused, /the key of \[h\]:2222 has CHANGED to SHA256:/);
    assert.ok(refused.includes(`ssh-keygen -R '[h]:2222' -f ${file}`));
    assert.ok(refused.includes(fingerprint(keyOf(2))));
    assert.equal(Deno.readTextFileSync(file), hostLine("h", 2222, KEY));
  }));

Deno.test("a revoked key is refused", () =>
  show(`@revoked ${hostLine("*", 22, KEY).replace("* ", "[h]:2222 ")}`, (pin) => {
    assert.match(pin().refused ?? "", /is revoked in /);
  }));

Deno.test("--strict takes a known host and no new one", () =>
  show("", (pin, file) => {
    assert.match(pin(KEY, true).refused ?? "", /--strict accepts no new one/);
    assert.equal(Deno.readTextFileSync(file), "");
    pin();
    assert.deepEqual(pin(KEY, true), { said: [], refused: undefined });
  }));

Deno.test("a file that cannot be read refuses: nobody knows what it would have said", () =>
  show("", (pin, file) => {
    Deno.removeSync(file);
    Deno.mkdirSync(file);
    assert.match(pin().refused ?? "", /known_hosts cannot be read: /);
  }));
