import assert from "node:assert/strict";
import { sleep, within } from "../../lib/host/clock.ts";
import { honest, type Subject, withSubject as withAnySubject } from "./process.ts";
import { RawClient } from "./raw_client.ts";
import { concat, kexInit, MESSAGE, packet, string, u32 } from "./wire.ts";

const IDENT = new TextEncoder().encode("SSH-2.0-slow\r\n");
const open = (window: number, packetSize: number) =>
  concat(MESSAGE.channelOpen, string("session"), u32(0), u32(window), u32(packetSize));
const execute = (line: string) =>
  concat(MESSAGE.channelRequest, u32(0), string("exec"), 1, string(line));

/** A program that has served somebody: what it opens once for good is open. */
const withSubject = (
  limits: Parameters<typeof withAnySubject>[0]["limits"],
  body: (subject: Subject) => Promise<void>,
) =>
  withAnySubject({ limits }, async (subject) => {
    await isServed(subject);
    await body(subject);
  });

/** An honest client gets its answer, at once as people see it. */
async function isServed(subject: Subject): Promise<void> {
  assert.equal(await within(5_000, honest(subject, "fuzz//ping")), 0, "an honest client waits");
}

/** Waits until the server has let go of everything. */
async function isReaped(subject: Subject, sockets: number): Promise<void> {
  for (let left = 100; left > 0; left--) {
    if ((await subject.state()).sockets <= sockets) return;
    await sleep(100);
  }
  assert.fail(`${(await subject.state()).sockets - sockets} connections stay open`);
}

/** `count` connections, some at a time. */
async function connectMany(port: number, count: number): Promise<RawClient[]> {
  const all: RawClient[] = [];
  while (all.length < count) {
    all.push(
      ...await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(port))),
    );
  }
  return all;
}

const STALLED: [what: string, count: number, how: (client: RawClient) => Promise<void>][] = [
  ["2000 that connect and say nothing", 2000, () => Promise.resolve()],
  ["200 that say their greeting byte by byte", 200, async (client) => {
    for (const byte of IDENT.subarray(0, -1)) {
      await client.write(Uint8Array.of(byte));
      await sleep(300);
    }
  }],
  ["200 that greet and wait", 200, (client) => client.write(IDENT)],
  ["200 that stop after their KEXINIT", 200, async (client) => {
    await client.write(IDENT);
    await client.write(packet(kexInit()));
  }],
  ["200 that stop in the midst of a packet", 200, async (client) => {
    await client.write(IDENT);
    await client.write(packet(kexInit()).subarray(0, 100));
  }],
  ["100 that exchange keys and do not log in", 100, (client) => client.exchangeKeys()],
];
for (const [what, count, how] of STALLED) {
  Deno.test(`${what}: others are served, and all are gone after the time to log in`, () =>
    withSubject({ loginGrace: 2_000 }, async (subject) => {
      const { sockets } = await subject.state();
      const clients = await connectMany(subject.port, count);
      const stalling = Promise.all(clients.map(how)).catch(() => {});
      for (let time = 0; time < 5; time++) await isServed(subject);
      await isReaped(subject, sockets);
      await stalling;
      for (const client of clients) client.close();
      await isServed(subject);
    }));
}

Deno.test("a channel whose packets may hold nothing does not send pgod round in circles", () =>
  withSubject({}, async (subject) => {
    const client = await RawClient.loggedIn(subject.port, subject.key);
    await client.send(open(1 << 20, 0));
    await client.send(execute("fuzz//ping"));
    await isServed(subject);
    await client.finish();
  }));
