/**
 * A real ssh-agent of a test's own.
 * @module
 */
import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";

/** Runs `body` with an agent that listens at `socket` and holds the private keys `files`. */
export async function withAgent(
  socket: string,
  files: readonly string[],
  body: (add: (...words: string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const agent = new Deno.Command("ssh-agent", {
    args: ["-D", "-a", socket],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const add = async (...words: string[]) => {
    const { code, stderr } = await new Deno.Command("ssh-add", {
      args: ["-q", ...words],
      env: { SSH_AUTH_SOCK: socket },
      stdin: "null",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  };
  try {
    while (!await Deno.lstat(socket).catch(() => undefined)) await sleep(10);
    if (files.length > 0) await add(...files);
    await body(add);
  } finally {
    agent.kill();
    await agent.status;
  }
}
