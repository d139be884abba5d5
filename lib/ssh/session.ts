/**
 * One session of a connection: an exec request becomes a call with streams and an exit status.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import type { Log } from "../log.ts";
import type { AuthorizedKey } from "./access.ts";
import { flush, readable } from "./channel.ts";
import type { Flow } from "./flow.ts";
import { takesPackets } from "./guard.ts";
import { hearAfterEnd } from "./internals.ts";
import { decodeLine } from "./protocol.ts";
import { ClientEnd, ClientSignals, isSignal, type SignalName } from "./signals.ts";
import { StatusError } from "./status.ts";
import { SessionTerminal, type Terminal } from "./terminal.ts";

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
  /**
   * Aborts when the channel or the connection is closed, and when a signal of the client ends the command; its reason
   * is a {@link ClientEnd}.
   */
  signal: AbortSignal;
  /** Bytes so far. */
  traffic: Traffic;
  /** undefined: none was asked for, and bytes pass unchanged. */
  terminal: Terminal | undefined;
  /** From now on `take` gets the client's signals; until then any of them ends the command. */
  takeSignals(take: (name: SignalName) => void): void;
}

/** Bytes of a session. */
export interface Traffic {
  /** Of stdin. */
  received: number;
  /** Of stdout and stderr. */
  sent: number;
}

/**
 * Carries a request out; returns the exit status. A {@link StatusError} becomes its line and status; a
 * {@link ClientEnd} is what ends a command in good order.
 */
export type Handle = (request: ExecRequest) => Promise<number>;

interface Peer {
  key: AuthorizedKey;
  user: string;
  address: string;
  remote: string;
  closed: AbortSignal;
  flow: Flow;
  /** Its client reads stdout only: stderr goes there too. */
  oneStream: boolean;
}

/** Serves the exec (or shell) request of `session`; what else a session may ask is refused by ssh2. */
export function serveSession(session: ssh2.Session, peer: Peer, handle: Handle, log: Log): void {
  // With nobody who listens, ssh2 refuses whatever is asked.
  if (!takesPackets(session)) return;
  let terminal: SessionTerminal | undefined;
  let deliver: ((name: SignalName) => void) | undefined;
  const start = (accept: (() => ssh2.ServerChannel) | undefined, line: string | undefined) => {
    const channel = accept?.();
    if (!channel) return;
    // The channel itself tells of its end only once its stdin was read up to there; its session at once.
    const ended = new AbortController();
    session.on("close", () => ended.abort());
    const closed = AbortSignal.any([peer.closed, ended.signal]);
    const signals = new ClientSignals();
    deliver = (name) => signals.deliver(name);
    const request = { ...peer, closed, line, terminal, signals };
    void serveChannel(channel, request, handle, log);
  };
  session.on("pty", (accept, reject, asked) => {
    if (!peer.key.pty) return reject?.();
    terminal = new SessionTerminal(asked);
    accept?.();
  });
  session.on("window-change", (accept, _reject, size) => {
    terminal?.resized(size);
    accept?.();
  });
  session.on("signal", (accept, reject, { name }) => {
    if (!deliver || !isSignal(name)) return reject?.();
    deliver(name);
    accept?.();
  });
  hearAfterEnd(session);
  session.on("exec", (accept, _reject, info) => start(accept, info.command));
  session.on("shell", (accept) => start(accept, undefined));
}

async function serveChannel(
  channel: ssh2.ServerChannel,
  { terminal, signals, closed, ...peer }: Peer & {
    line: string | undefined;
    terminal: SessionTerminal | undefined;
    signals: ClientSignals;
  },
  handle: Handle,
  log: Log,
): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort(new ClientEnd(undefined));
  closed.addEventListener("abort", leave);
  channel.on("close", leave);
  for (const stream of [channel, channel.stderr]) {
    stream.on("error", (error: Error) => {
      log.debug("ssh.broken", `Channel broke: ${error.message}`, { remote: peer.remote });
      leave();
    });
  }
  const signal = AbortSignal.any([gone.signal, signals.ended]);
  const traffic: Traffic = { received: 0, sent: 0 };
  const send = peer.flow.sender(channel);
  const errors = peer.oneStream ? channel : channel.stderr;
  const output = (sink: Parameters<typeof send>[0]) => async (chunk: Uint8Array) => {
    await send(sink, render(chunk), signal);
    traffic.sent += chunk.length;
  };
  const render = (chunk: Uint8Array) => terminal?.render(chunk) ?? chunk;
  if (terminal) {
    channel.on("data", (typed: Uint8Array) => {
      if (terminal.interrupts(typed)) signals.deliver("INT");
    });
  }
  const explain = async (error: unknown) => {
    if (error instanceof ClientEnd) return error.status;
    const failure = error instanceof StatusError
      ? error
      : new StatusError(500, "pgod failed, its log says why");
    if (failure !== error) {
      const { remote, line } = peer;
      log.error("ssh.failed", `Command failed: ${error}`, { remote, service: serviceOf(line) });
    }
    const line = new TextEncoder().encode(`${failure.line}${terminal ? "\r\n" : "\n"}`);
    await send(errors, line, gone.signal).catch(() => {});
    return failure.status;
  };
  let status: number;
  try {
    status = await handle({
      ...peer,
      terminal,
      traffic,
      stdin: readable(channel, gone.signal, (bytes) => traffic.received += bytes),
      stdout: output(channel),
      stderr: output(errors),
      signal,
      takeSignals: (take) => signals.take(take),
    });
  } catch (error) {
    const exit = error instanceof StatusError ? undefined : signals.exit;
    status = exit ?? await explain(error);
  }
  // Without this the channel never sees its end while nobody reads what the client sends.
  channel.resume();
  // Ending the channel waits for its stdout alone: what stderr still holds would be lost.
  await flush(channel.stderr, gone.signal);
  closed.removeEventListener("abort", leave);
  if (gone.signal.aborted) return;
  channel.exit(status);
  channel.end();
}

/** The service an exec line names, if it can be read and names one. */
function serviceOf(line: string | undefined): string | undefined {
  try {
    return decodeLine(line ?? "").service || undefined;
  } catch {
    return undefined;
  }
}
