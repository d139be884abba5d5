import assert from "node:assert/strict";
import { createOutput } from "../../lib/service/output.ts";
import { spectator } from "../../lib/service/spectator.ts";
import { compose, composeArgv } from "../../lib/host/podman_compose.ts";
import type { Command } from "../../lib/host/process.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const user = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };

Deno.test("a reader who keeps up gets everything, in order", async () => {
  let seen = "";
  const { sink, caughtUp } = spectator(async (chunk) => {
    await Promise.resolve();
    seen += new TextDecoder().decode(chunk);
  });
  for (let at = 0; at < 100; at++) sink(bytes(`${at} `));
  await caughtUp();
  assert.equal(seen, Array.from({ length: 100 }, (_, at) => `${at} `).join(""));
});

Deno.test("a reader who stalls holds nothing back: the rest is left out, and he is told", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen: Uint8Array[] = [];
  const { sink, caughtUp } = spectator(async (chunk) => {
    await promise;
    seen.push(chunk);
  });
  const block = new Uint8Array(256 * 1024);
  for (let at = 0; at < 100; at++) sink(block);
  resolve();
  await caughtUp();
  const sizes = seen.map(({ length }) => length);
  assert.deepEqual(sizes.slice(0, -1), [block.length, block.length, block.length, block.length]);
  assert.match(
    new TextDecoder().decode(seen.at(-1)),
    new RegExp(`pgod: ${96 * block.length} bytes left out`),
  );
});

Deno.test("a reader who goes is no failure of what he watched", async () => {
  const { sink, caughtUp } = spectator(() => Promise.reject(new Error("the client is gone")));
  sink(bytes("one"));
  await caughtUp();
  sink(bytes("two"));
  await caughtUp();
});

Deno.test("an outcome reaches its reader before the command is over", async () => {
  let seen = "";
  const output = createOutput((chunk) => void (seen += new TextDecoder().decode(chunk)), () => {});
  output.say("deployment 2 is live");
  await output.caughtUp();
  assert.equal(seen, "deployment 2 is live\n");
});

Deno.test("up and down go on without whoever asked for them; a build ends with him", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const run = (command: Command) => {
    assert.equal(command.argv[0], composeArgv("shop", "/f", "up")[0]);
    signals.push(command.signal);
    return Promise.resolve({ code: 0, stdout: "", stderr: "" });
  };
  const { signal } = new AbortController();
  for (const action of ["build", "up", "down"] as const) {
    await compose(run, user, { service: "shop", file: "/f", action }, { signal });
  }
  assert.deepEqual(signals, [signal, undefined, undefined]);
});
