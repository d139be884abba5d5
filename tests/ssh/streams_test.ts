import assert from "node:assert/strict";
import { createHash, type Hash } from "node:crypto";
import { sleep } from "../../lib/host/clock.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { withServer } from "./loopback.ts";

const MEGABYTE = 1024 * 1024;
const SIZE = 20 * MEGABYTE;
const CHUNK = crypto.getRandomValues(new Uint8Array(65_536));
const CHUNKS = SIZE / CHUNK.length;

const digest = (hash: Hash) => hash.digest("hex");
const expected = (() => {
  const hash = createHash("sha256");
  for (let at = 0; at < CHUNKS; at++) hash.update(CHUNK);
  return digest(hash);
})();

/** Sends 20 MB and counts in `sent` what was taken. */
function sender(sent: { chunks: number }): Handle {
  return async ({ stdout }) => {
    for (; sent.chunks < CHUNKS; sent.chunks++) await stdout(CHUNK);
    return 0;
  };
}

async function hashOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return digest(hash);
}

for (const program of ["ssh", "pgoctl"] as const) {
  Deno.test(`${program}: 20 MB of output arrive whole`, () =>
    withServer({ handle: sender({ chunks: 0 }) }, async ({ ssh, pgoctl, dir, port }) => {
      const command = program === "ssh"
        ? ssh(["x//logs"])
        : pgoctl(["-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//logs"]);
      const child = command.spawn();
      const [got, { code }] = await Promise.all([
        hashOf(child.stdout),
        child.status,
        child.stdin.close(),
        child.stderr.cancel(),
      ]);
      assert.deepEqual([got, code], [expected, 0]);
    }));

  Deno.test(`${program}: 20 MB of input reach the command whole`, async () => {
    let got = "";
    const handle: Handle = async ({ stdin }) => {
      got = await hashOf(stdin);
      return 3;
    };
    await withServer({ handle }, async ({ ssh, pgoctl, dir, port }) => {
      const command = program === "ssh"
        ? ssh(["x//exec"])
        : pgoctl(["-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//exec"]);
      const child = command.spawn();
      const source = new Blob(Array(CHUNKS).fill(CHUNK)).stream();
      const [{ code }] = await Promise.all([child.output(), source.pipeTo(child.stdin)]);
      assert.deepEqual([got, code], [expected, 3]);
    });
  });
}

Deno.test("a client that does not read holds the command back, and then gets all of it", async () => {
  const sent = { chunks: 0 };
  await withServer({ handle: sender(sent) }, async ({ remote }) => {
    const hash = createHash("sha256");
    const read = Promise.withResolvers<void>();
    const done = remote("x//logs", {
      async stdout(chunk) {
        await read.promise;
        hash.update(chunk);
      },
    });
    await sleep(700);
    const held = sent.chunks;
    assert.ok(held > 0 && held < CHUNKS / 2, `${held} of ${CHUNKS} chunks were taken`);
    await sleep(300);
    assert.equal(sent.chunks, held, "more was taken though nobody reads");
    read.resolve();
    assert.equal(await done, 0);
    assert.equal(digest(hash), expected);
  });
});

Deno.test("a command that does not read its input holds the client back", async () => {
  let given = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(CHUNK);
      given++;
    },
  }, { highWaterMark: 0 });
  const read = Promise.withResolvers<void>();
  const handle: Handle = async () => {
    await read.promise;
    return 5;
  };
  await withServer({ handle }, async ({ remote }) => {
    const done = remote("x//exec", { stdin: endless });
    await sleep(700);
    const held = given;
    assert.ok(held > 0 && held < CHUNKS, `${held} chunks were given`);
    await sleep(300);
    assert.equal(given, held, "more was given though nobody reads");
    read.resolve();
    assert.equal(await done, 5, "input that nobody read does not keep the command from ending");
  });
});

Deno.test("output arrives as it comes, not at the end", async () => {
  const heard = Promise.withResolvers<void>();
  const handle: Handle = async ({ stdout }) => {
    await stdout(CHUNK.subarray(0, 1));
    await heard.promise;
    return 0;
  };
  await withServer({ handle }, async ({ remote }) => {
    const stdout = () => Promise.resolve(heard.resolve());
    assert.equal(await remote("x//logs -f", { stdout }), 0);
  });
});
