/**
 * What is fuzzed: each target sends one input, and sees that the server ends or goes on as it should.
 * @module
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { parseKeyFile } from "../../lib/ssh/access.ts";
import {
  authRequests,
  exchanges,
  forgeries,
  greetings,
  kexInits,
  lines,
  messages,
  mutated,
} from "./inputs.ts";
import { exec, type Subject } from "./process.ts";
import { type FuzzKey, RawClient } from "./raw_client.ts";
import { concat, kexInit, MESSAGE, packet, string } from "./wire.ts";

/** One kind of input. */
export interface Target {
  name: string;
  /** Of all inputs, in parts of a hundred. */
  share: number;
  /** How many inputs one run of the property sends. */
  batch: number;
  /** Rejects when the server hung or answered what it never may. */
  property(subject: Subject): fc.IAsyncProperty<unknown>;
}

const IDENT = new TextEncoder().encode("SSH-2.0-fuzz\r\n");
/** Exit statuses that pgod may send. */
const STATUSES = [400, 401, 404, 406, 500];

/** Sends bytes on a connection of their own, and sees that it ends with them. */
async function send(port: number, ...chunks: Uint8Array[]): Promise<void> {
  const client = await RawClient.connect(port);
  for (const chunk of chunks) await client.write(chunk);
  await client.finish();
}

/** Public keys of other types, which the program under test knows as well. */
export function makeOtherKeys(): { blob: Uint8Array<ArrayBuffer>; line: string }[] {
  const curves = [["P-256", "nistp256"], ["P-384", "nistp384"], ["P-521", "nistp521"]] as const;
  const field = (value: string | undefined) => Buffer.from(value ?? "", "base64url");
  const blobs = curves.map(([namedCurve, name]) => {
    const { x, y } = generateKeyPairSync("ec", { namedCurve }).publicKey.export({ format: "jwk" });
    const point = concat(4, field(x), field(y));
    return { type: `ecdsa-sha2-${name}`, rest: [string(name), string(point)] };
  });
  const { n, e } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
    format: "jwk",
  });
  blobs.push({ type: "ssh-rsa", rest: [string(field(e)), string(concat(0, field(n)))] });
  return blobs.map(({ type, rest }) => {
    const blob = concat(string(type), ...rest);
    return { blob, line: `${type} ${Buffer.from(blob).toString("base64")}` };
  });
}

/** All targets; `others` are the keys that {@link makeOtherKeys} made for this server. */
export function targets(others: { blob: Uint8Array<ArrayBuffer> }[]): Target[] {
  return [
    {
      name: "greeting",
      share: 22,
      batch: 1,
      property: ({ port }) => fc.asyncProperty(greetings, (chunks) => send(port, ...chunks)),
    },
    {
      name: "KEXINIT",
      share: 18,
      batch: 1,
      property: ({ port }) => fc.asyncProperty(kexInits, (bytes) => send(port, IDENT, bytes)),
    },
    {
      name: "key exchange",
      share: 4,
      batch: 1,
      property: ({ port }) =>
        fc.asyncProperty(exchanges, ({ algorithm, half, then }) => {
          const init = packet(kexInit({ 0: [algorithm] }));
          return send(port, IDENT, init, packet(concat(MESSAGE.kexDhInit, string(half))), then);
        }),
    },
    {
      name: "encrypted packet",
      share: 4,
      batch: 1,
      property: ({ port }) =>
        fc.asyncProperty(forgeries, async ({ cipher, mac, bytes }) => {
          const client = await RawClient.connect(port);
          await client.exchangeKeys({ 2: [cipher], 3: [cipher], 4: [mac], 5: [mac] });
          await client.write(bytes);
          await client.finish();
        }),
    },
    {
      name: "authentication",
      share: 14,
      batch: 4,
      property: (subject) => {
        const blobs = [subject.key, ...others].map(({ blob }) => blob);
        const requests = fc.array(authRequests(blobs), { minLength: 4, maxLength: 4 });
        return fc.asyncProperty(requests, async (requests) => {
          const client = await RawClient.keyed(subject.port);
          for (const { request, sign } of requests) {
            await client.send(sign ? client.signed(request, subject.key) : request);
          }
          await client.finish();
        });
      },
    },
    {
      name: "channel",
      share: 18,
      batch: 12,
      property: ({ port, key }) => {
        const some = fc.array(messages, { minLength: 12, maxLength: 12 });
        return fc.asyncProperty(some, async (messages) => {
          const client = await RawClient.loggedIn(port, key);
          for (const message of messages) await client.send(message);
          await client.finish();
        });
      },
    },
    {
      name: "exec line",
      share: 20,
      batch: 8,
      property: ({ port, key }) =>
        fc.asyncProperty(
          fc.array(lines, { minLength: 8, maxLength: 8 }),
          (lines) => execAll(port, key, lines),
        ),
    },
  ];
}

/** Runs lines over one connection; each has to end with a status. */
async function execAll(port: number, key: FuzzKey, lines: (string | Uint8Array)[]): Promise<void> {
  const client = await RawClient.loggedIn(port, key);
  for (const [number, line] of lines.entries()) {
    const status = await exec(client, line, number);
    if (status === undefined || (status > 255 && !STATUSES.includes(status))) {
      throw new Error(`the line ended with ${status}`);
    }
  }
  await client.finish();
}

/** Key files, in this process: never an exception, and never a key that is not one. */
export const keyFiles: fc.IProperty<[Uint8Array]> = fc.property(
  mutated(
    ...[
      'from="10.0.0.0/8,!10.1.0.0/16,::1",expiry-time="20301231",pgo-role="read" ssh-ed25519 AAAA x\n',
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@home\n",
      "# nothing\r\n\r\n",
      "ssh-rsa AAAA",
    ]
      .map(
        (text) => new TextEncoder().encode(text),
      ),
  ),
  (bytes) => {
    for (const { type, blob } of parseKeyFile("ssh/a.pub", new TextDecoder().decode(bytes)).keys) {
      const inside = Buffer.from(blob, "base64").subarray(4, 4 + type.length).toString();
      if (inside !== type) throw new Error(`a key of type ${inside} passes for ${type}`);
    }
  },
);
