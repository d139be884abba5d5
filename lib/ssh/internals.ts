/**
 * What PGO uses of ssh2's insides, since its interface has no word for it; all of it in this one place, so that
 * a new version of ssh2 has to be looked at here only.
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";

/** A connection's protocol. */
export interface Protocol {
  /** Set while keys are exchanged: what is sent then is queued, however much it is. */
  readonly _kexinit: unknown;
  /** Set once the other side's proposal of algorithms has come. */
  readonly _kex: unknown;
  /** Called with what was agreed once new keys are in use. */
  _onHandshakeComplete(negotiated: unknown): void;
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    readonly write: {
      /** Where the payload begins in an allocated packet. */
      readonly allocStartKEX: number;
      alloc(payload: number, force: boolean): Buffer;
      finalize(packet: Buffer, force?: boolean): Buffer;
    };
  };
}

/** The socket and the protocol of a connection. */
export function insides(client: ssh2.Connection): { socket: Socket; protocol: Protocol } {
  const { _sock, _protocol } = client as unknown as { _sock: Socket; _protocol: Protocol };
  return { socket: _sock, protocol: _protocol };
}

/**
 * Forgets output that has been sent. ssh2 keeps what waited for the client's window, and sends it once more
 * when the other of the two streams waits next.
 */
export function forgetSent(channel: ssh2.ServerChannel): void {
  Object.assign(channel, {
    _chunk: undefined,
    _chunkcb: undefined,
    _chunkErr: undefined,
    _chunkcbErr: undefined,
  });
}

/** Lets a session be asked for something after the end of stdin, when signals still mean something: ssh2 would refuse. */
export function hearAfterEnd(session: ssh2.Session): void {
  session.on("eof", () => Object.assign(session, { _ending: false }));
}

/** Sends a signal on a client's channel: ssh2 itself does so no more once stdin has ended. */
export function sendSignal(channel: ssh2.ClientChannel, name: string): void {
  const { _client, outgoing } = channel as unknown as {
    _client: { _protocol: { signal(id: number, name: string): void } };
    outgoing: { id: number; state: string };
  };
  if (["open", "eof"].includes(outgoing.state)) _client._protocol.signal(outgoing.id, name);
}
