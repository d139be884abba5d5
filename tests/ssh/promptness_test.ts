import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { sleep } from "../../lib/host/clock.ts";
import { answerProposal } from "../../lib/ssh/promptness.ts";

/** What was done to the socket of a client that calls itself `software`. */
function connection(software: string, protocol: { _kex?: unknown } = {}) {
  const done: string[] = [];
  const released = Promise.withResolvers<void>();
  const socket = Object.assign(new EventEmitter(), {
    cork: () => void done.push("held"),
    uncork() {
      done.push("sent");
      released.resolve();
    },
  });
  const closed = new AbortController();
  const client = { _sock: socket, _protocol: protocol } as unknown as ssh2.Connection;
  answerProposal(client, software, closed.signal);
  return { done, socket, closed, released: released.promise };
}

Deno.test("pgod's proposal waits for OpenSSH's", async () => {
  const { done, socket } = connection("OpenSSH_9.2p1");
  await sleep(0);
  assert.deepEqual(done, ["held"]);
  socket.emit("data");
  await sleep(0);
  assert.deepEqual(done, ["held", "sent"]);
});

Deno.test("it does not wait when that came with the client's name, and not for ever", async () => {
  const together = connection("OpenSSH_9.2p1", { _kex: {} });
  await sleep(0);
  assert.deepEqual(together.done, ["held", "sent"]);
  const silent = connection("OpenSSH_9.2p1");
  await silent.released;
  const gone = connection("OpenSSH_9.2p1");
  gone.closed.abort();
  await sleep(0);
  assert.deepEqual(gone.done, ["held", "sent"]);
});

Deno.test("other clients do not wait: their kernels do not", async () => {
  for (const software of ["Go", "PuTTY_Release_0.78", "dropbear_2022.83", ""]) {
    const { done } = connection(software);
    await sleep(0);
    assert.deepEqual(done, []);
  }
});
