/**
 * The end of a connection that pgod does not want: with a reason that the client can show.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { sleep } from "../host/clock.ts";
import type { Protocol } from "./internals.ts";

/** Reasons of RFC 4253, section 11.1. */
export const REASON = {
  PROTOCOL_ERROR: 2,
  BY_APPLICATION: 11,
  TOO_MANY_CONNECTIONS: 12,
  NO_MORE_AUTH_METHODS: 14,
} as const;

/** Why a connection is ended: a number for programs, and a clause for people. */
export interface Reason {
  code: typeof REASON[keyof typeof REASON];
  text: string;
}

/** Milliseconds a client has to take the reason. */
const LINGER = 1000;
const MESSAGE_DISCONNECT = 1;

/** Tells the client, and closes. `protocol` is undefined while it has not said anything itself. */
export function disconnect(socket: Socket, protocol: Protocol | undefined, reason: Reason): void {
  if (socket.destroyed) return;
  if (protocol) {
    const { alloc, finalize } = protocol._packetRW.write;
    const writer = protocol._packetRW.write;
    const payload = disconnectMessage(reason);
    const packet = alloc.call(writer, payload.length, true);
    payload.copy(packet, writer.allocStartKEX);
    protocol._cipher.encrypt(finalize.call(writer, packet, true));
  } else socket.write(plainPacket(disconnectMessage(reason)));
  hangUp(socket);
}

/** Closes without a word. What the client still says is dropped; one that takes nothing cannot keep the socket. */
export function hangUp(socket: Socket): void {
  socket.removeAllListeners("data");
  socket.resume();
  socket.end();
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  void sleep(LINGER, closed.signal).then(() => socket.destroy());
}

function disconnectMessage({ code, text }: Reason): Buffer {
  const said = Buffer.from(text);
  const message = Buffer.alloc(1 + 4 + 4 + said.length + 4);
  message.writeUInt8(MESSAGE_DISCONNECT, 0);
  message.writeUInt32BE(code, 1);
  message.writeUInt32BE(said.length, 5);
  said.copy(message, 9);
  return message;
}

/** A packet as it is before keys were exchanged: padded to a multiple of 8, at least by 4. */
function plainPacket(payload: Buffer): Buffer {
  const padding = 4 + (8 - (5 + payload.length + 4) % 8) % 8;
  const packet = Buffer.alloc(5 + payload.length + padding);
  packet.writeUInt32BE(packet.length - 4, 0);
  packet.writeUInt8(padding, 4);
  payload.copy(packet, 5);
  return packet;
}
