import assert from "node:assert/strict";
import { joinSplitKey, readIdentity } from "../../lib/ssh/identity.ts";

const KEY =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\nAAAA==\n-----END OPENSSH PRIVATE KEY-----";

Deno.test("a key that a shell split is put together again, and nothing else is touched", () => {
  const words = ["-i", ...KEY.split(/\s+/), "h:s//ps", "-x"];
  assert.deepEqual(joinSplitKey(words), ["-i", KEY, "h:s//ps", "-x"]);
  for (const other of [["-i", KEY, "h:s//ps"], ["h:s//exec", "-----BEGIN", "x"], []]) {
    assert.deepEqual(joinSplitKey(other), other);
  }
});

Deno.test("the key is a file, a text, or PGOCTL_ID; what is none is one line", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, KEY.replaceAll("\n", "\r\n"));
  assert.equal(await readIdentity(file, undefined), `${KEY}\n`);
  assert.equal(await readIdentity(KEY, undefined), `${KEY}\n`);
  assert.equal(await readIdentity(undefined, KEY), `${KEY}\n`);
  await Deno.remove(file);
  for (const [given, env] of [[undefined, undefined], [file, undefined], [undefined, "x"]]) {
    await assert.rejects(readIdentity(given, env), (error: Error) => !error.message.includes("\n"));
  }
});
