/**
 * SSH's data types and packets as bytes (RFC 4251 and 4253), for tests that say what no SSH library would.
 * @module
 */
import { randomBytes } from "node:crypto";

/** Message numbers that the tests send or look for. */
export const MESSAGE = {
  disconnect: 1,
  ignore: 2,
  serviceRequest: 5,
  kexInit: 20,
  newKeys: 21,
  kexDhInit: 30,
  kexDhReply: 31,
  authRequest: 50,
  authFailure: 51,
  authSuccess: 52,
  authKeyOk: 60,
  globalRequest: 80,
  requestFailure: 82,
  channelOpen: 90,
  channelOpenConfirmation: 91,
  channelOpenFailure: 92,
  channelWindowAdjust: 93,
  channelData: 94,
  channelExtendedData: 95,
  channelEof: 96,
  channelClose: 97,
  channelRequest: 98,
  channelSuccess: 99,
  channelFailure: 100,
} as const;

type Bytes = Uint8Array<ArrayBuffer>;

/** One after the other; numbers are single bytes. */
export function concat(...parts: (Uint8Array | number)[]): Bytes {
  const list = parts.map((part) => typeof part === "number" ? Uint8Array.of(part) : part);
  const all = new Uint8Array(list.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of list) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `uint32`, big endian. */
export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** The `uint32` at `at`. @throws {RangeError} past the end. */
export function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at);
}

/** `string`: length and bytes. */
export function string(value: string | Uint8Array): Bytes {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return concat(u32(bytes.length), bytes);
}

/** The bytes of the `string` at `at`. */
export function readString(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at + 4, at + 4 + readU32(bytes, at));
}

/** `mpint` of an unsigned number, big endian. */
export function mpint(value: Uint8Array): Bytes {
  let first = 0;
  while (value[first] === 0) first++;
  const digits = value.subarray(first);
  return string((digits[0] ?? 0) & 0x80 ? concat(0, digits) : digits);
}

/** A packet that is not encrypted; with `block`, padded for a cipher whose length field is not encrypted. */
export function packet(payload: Uint8Array, block?: number): Bytes {
  const counted = payload.length + (block ? 1 : 5);
  const size = block ?? 8;
  const padding = 4 + (size - (counted + 4) % size) % size;
  return concat(u32(1 + payload.length + padding), padding, payload, randomBytes(padding));
}

/** The ten name lists of a KEXINIT that pgod agrees to, in their order. */
export const ALGORITHMS = [
  ["curve25519-sha256"],
  ["ssh-ed25519"],
  ["aes128-gcm@openssh.com"],
  ["aes128-gcm@openssh.com"],
  ["hmac-sha2-256"],
  ["hmac-sha2-256"],
  ["none"],
  ["none"],
  [],
  [],
] as const;

/** The payload of a KEXINIT; a list in `other` takes the place of the one in {@link ALGORITHMS}. */
export function kexInit(other: Record<number, readonly string[]> = {}): Bytes {
  const lists = ALGORITHMS.map((list, at) => string((other[at] ?? list).join(",")));
  return concat(MESSAGE.kexInit, randomBytes(16), ...lists, 0, u32(0));
}
