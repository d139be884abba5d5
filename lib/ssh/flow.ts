/**
 * How much of one connection waits in memory, in both directions: a client that does not read, or sends without
 * being asked, costs no more than any other.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { sleep } from "../host/clock.ts";
import { forgetSent, insides } from "./internals.ts";

/** Bytes that may wait for the client's network; more is written when it has taken these. */
const OUTGOING = 64 * 1024;
/** Bytes that are handed to ssh2 at once. */
const SLICE = 32 * 1024;
/** Bytes of input that may wait in a channel: what ssh2 allows a client, and a bit. */
const INCOMING = 4 * 1024 * 1024;

/** Where output goes. */
type Sink = ssh2.ServerChannel | ssh2.ServerChannel["stderr"];

/** Sends a chunk; resolves when the client has room for more, rejects when `gone` aborts. */
export type Send = (sink: Sink, chunk: Uint8Array, gone: AbortSignal) => Promise<void>;

/** The flow of one connection. */
export class Flow {
  readonly #channels = new Set<ssh2.ServerChannel>();
  #pending = 0;
  #progress = performance.now();
  #room: Promise<void> | undefined;

  constructor(
    readonly client: ssh2.Connection,
    /** Aborts when the connection is closed. */
    readonly closed: AbortSignal,
  ) {}

  /** Calls `stalled` once when output has waited for `patience` milliseconds and none of it was taken. */
  async watch(patience: number, stalled: () => void): Promise<void> {
    for (;;) {
      const waited = () => this.#pending > 0 ? performance.now() - this.#progress : 0;
      await sleep(Math.max(patience - waited(), 10), this.closed);
      if (this.closed.aborted) return;
      if (waited() >= patience) return stalled();
    }
  }

  /** Whether a channel holds more input than its client may have sent. */
  overrun(): boolean {
    return [...this.#channels].some((channel) => channel.readableLength > INCOMING);
  }

  /** A way to send on `channel`, one chunk after the other. */
  sender(channel: ssh2.ServerChannel): Send {
    this.#channels.add(channel);
    channel.once("close", () => this.#channels.delete(channel));
    let last: Promise<unknown> = Promise.resolve();
    return (sink, chunk, gone) => {
      const sent = last.then(() => this.#send(channel, sink, chunk, gone));
      last = sent.catch(() => {});
      return sent;
    };
  }

  async #send(
    channel: ssh2.ServerChannel,
    sink: Sink,
    chunk: Uint8Array,
    gone: AbortSignal,
  ): Promise<void> {
    if (this.#pending++ === 0) this.#progress = performance.now();
    try {
      for (let at = 0; at < chunk.length; at += SLICE) {
        await this.#waitForRoom(gone);
        await written(sink, chunk.subarray(at, at + SLICE), gone);
        forgetSent(channel);
        this.#progress = performance.now();
      }
    } finally {
      this.#pending--;
    }
  }

  /** ssh2 itself would keep all that the client's window allows, and that may be gigabytes. */
  async #waitForRoom(gone: AbortSignal): Promise<void> {
    const { socket, protocol } = insides(this.client);
    while (socket.writableLength > OUTGOING || protocol._kexinit !== undefined) {
      this.#room ??= new Promise<void>((resolve) => {
        const done = () => {
          socket.off("drain", done);
          this.client.off("rekey", done);
          this.#room = undefined;
          resolve();
        };
        socket.on("drain", done);
        this.client.on("rekey", done);
      });
      await unlessGone(this.#room, gone);
    }
  }
}

/** Resolves when ssh2 has sent `slice`, for which the client's window has to have room. */
function written(sink: Sink, slice: Uint8Array, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return Promise.reject(new ClientGone());
  const done = new Promise<void>((resolve, reject) =>
    void sink.write(slice, (error?: Error | null) => error ? reject(error) : resolve())
  );
  return unlessGone(done, gone);
}

class ClientGone extends Error {
  override message = "the client is gone";
}

/** `work`, or a rejection as soon as the client is gone. */
function unlessGone(work: Promise<void>, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new ClientGone());
    gone.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => gone.removeEventListener("abort", leave));
    if (gone.aborted) leave();
  });
}
