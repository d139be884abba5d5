/**
 * One session of a connection: an exec request becomes a call with streams and an exit status.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import type { Log } from "../log.ts";
import type { AuthorizedKey } from "./access.ts";
import { takesPackets } from "./guard.ts";
import { StatusError } from "./status.ts";

/** One exec request of somebody whose key is known. */
export interface ExecRequest {
  key: AuthorizedKey;
  /** The SSH user name, which means nothing. */
  user: string;
  /** Address of the client, without its port. */
  address: string;
  /** Address and port of the client. */
  remote: string;
  /** The exec line as it was sent; undefined for a shell without a command. */
  line: string | undefined;
  stdin: ReadableStream<Uint8Array>;
  /** Resolves when the client has taken it, or has room for more. Rejects when it is gone. */
  stdout(chunk: Uint8Array): Promise<void>;
  stderr(chunk: Uint8Array): Promise<void>;
  /** Aborts when the channel or the connection is closed. */
  signal: AbortSignal;
}

/** Carries a request out; returns the exit status. A {@link StatusError} becomes its line and status. */
export type Handle = (request: ExecRequest) => Promise<number>;

interface Peer {
  key: AuthorizedKey;
  user: string;
  address: string;
  remote: string;
  closed: AbortSignal;
}

/** Serves the exec (or shell) request of `session`; everything else a session may ask is refused by ssh2. */
export function serveSession(session: ssh2.Session, peer: Peer, handle: Handle, log: Log): void {
  // With nobody who listens, ssh2 refuses whatever is asked.
  if (!takesPackets(session)) return;
  const start = (accept: (() => ssh2.ServerChannel) | undefined, line: string | undefined) => {
    const channel = accept?.();
    if (!channel) return;
    // The channel itself tells of its end only once its stdin was read up to there; its session at once.
    const ended = new AbortController();
    session.on("close", () => ended.abort());
    const closed = AbortSignal.any([peer.closed, ended.signal]);
    void serveChannel(channel, line, { ...peer, closed }, handle, log);
  };
  session.on("exec", (accept, _reject, info) => start(accept, info.command));
  session.on("shell", (accept) => start(accept, undefined));
}

async function serveChannel(
  channel: ssh2.ServerChannel,
  line: string | undefined,
  peer: Peer,
  handle: Handle,
  log: Log,
): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  peer.closed.addEventListener("abort", leave);
  channel.on("close", leave);
  channel.on("error", (error: Error) => {
    log.debug("ssh.broken", `Channel broke: ${error.message}`, { remote: peer.remote });
    leave();
  });
  const stdout = (chunk: Uint8Array) => write(channel, chunk, gone.signal);
  const stderr = (chunk: Uint8Array) => write(channel.stderr, chunk, gone.signal);
  let status: number;
  try {
    status = await handle({
      ...peer,
      line,
      stdin: readable(channel, gone.signal),
      stdout,
      stderr,
      signal: gone.signal,
    });
  } catch (error) {
    const failure = error instanceof StatusError
      ? error
      : new StatusError(500, "pgod failed, its log says why");
    if (failure !== error) {
      log.error("ssh.failed", `Command failed: ${error}`, { remote: peer.remote });
    }
    status = failure.status;
    await stderr(new TextEncoder().encode(`${failure.line}\n`)).catch(() => {});
  }
  // Without this the channel never sees its end while nobody reads what the client sends.
  channel.resume();
  // Ending the channel waits for its stdout alone: what stderr still holds would be lost.
  await flush(channel.stderr, gone.signal);
  peer.closed.removeEventListener("abort", leave);
  if (gone.signal.aborted) return;
  channel.exit(status);
  channel.end();
}

/** Resolves when the client has been sent all that was written, or is gone. */
function flush(stream: { end(done: () => void): unknown }, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    stream.end(resolve);
  });
}

/** Writes with back-pressure: resolves when the client's window has room again. */
function write(
  stream: {
    write(chunk: Uint8Array): boolean;
    once(event: "drain", listener: () => void): unknown;
    off(event: "drain", listener: () => void): unknown;
  },
  chunk: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("the client is gone"));
    if (stream.write(chunk)) return resolve();
    const onDrain = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = () => {
      stream.off("drain", onDrain);
      reject(new Error("the client is gone"));
    };
    stream.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** What the client sends, read only as fast as somebody takes it; a client that leaves ends it. */
function readable(channel: ssh2.ServerChannel, signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const end = () => {
        channel.off("data", onData);
        try {
          controller.close();
        } catch { /* it is closed already */ }
      };
      const onData = (chunk: Uint8Array) => {
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) channel.pause();
      };
      channel.on("data", onData);
      channel.on("end", end);
      signal.addEventListener("abort", end, { once: true });
      channel.resume();
    },
    pull: () => void channel.resume(),
    cancel: () => void channel.resume(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 }));
}
