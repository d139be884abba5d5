/**
 * A handshake without a pause: OpenSSH's client leaves Nagle's algorithm on until it has logged in.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { sleep } from "../host/clock.ts";
import { insides } from "./internals.ts";

/** Milliseconds that pgod's proposal waits for the client's at most. */
const PATIENCE = 200;

/**
 * Keeps what is written from now on, which is pgod's proposal of algorithms, until the client's own has come. Called
 * when a client has told its name, `software`.
 *
 * OpenSSH sends its proposal, and then its half of the keys as soon as it has seen the server's proposal. But the kernel
 * there sends no second small packet before the first is acknowledged, and here it acknowledges late what is not
 * answered: where the proposals cross, each connection loses 40 ms. As an answer pgod's proposal acknowledges.
 */
export function answerProposal(
  client: ssh2.Connection,
  software: string | undefined,
  closed: AbortSignal,
): void {
  if (!software?.startsWith("OpenSSH_")) return;
  const { socket, protocol } = insides(client);
  socket.cork();
  const came = new AbortController();
  socket.once("data", () => came.abort());
  // It may have come in one piece with the name, which is still being read.
  queueMicrotask(() => protocol._kex && came.abort());
  void sleep(PATIENCE, AbortSignal.any([came.signal, closed])).then(() => socket.uncork());
}
