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

/** Bytes that what the program keeps may grow by, whatever its clients do; and it itself, by four times that. */
const GROWTH = 50 * 2 ** 20;

/** A program that has served somebody: what it opens once for good is open. */
const withSubject = (
  limits: Parameters<typeof withAnySubject>[0]["limits"],
  body: (subject: Subject) => Promise<void>,
) =>
  withAnySubject({ limits }, async (subject) => {
    await isServed(subject);
    await body(subject);
  });

/** An honest client gets its answer: soon on a quiet machine, and in any case. */
async function isServed(subject: Subject): Promise<void> {
  assert.equal(await within(20_000, honest(subject, "fuzz//ping")), 0, "an honest client waits");
}

/** What `attack` leaves in memory, while it goes on, is within bounds. */
async function isFlat(subject: Subject, attack: () => Promise<void>): Promise<void> {
  const before = await subject.state();
  await attack();
  await isServed(subject);
  let grown = "";
  // What is on its way to the clients' kernels is not there to stay.
  for (let left = 10; left > 0; left--) {
    const { heap, rss } = await subject.state();
    if (heap - before.heap < GROWTH && rss - before.rss < 4 * GROWTH) return;
    grown = [heap - before.heap, rss - before.rss].map((bytes) => bytes >> 20).join(" and ");
    await sleep(500);
  }
  assert.fail(`what it keeps and it itself grew by ${grown} MB`);
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

Deno.test("a client that begins to exchange keys anew and stops does not make pgod keep its output", () =>
  withSubject({ stall: 3_000 }, async (subject) => {
    const { sockets } = await subject.state();
    const client = await RawClient.loggedIn(subject.port, subject.key);
    await isFlat(subject, async () => {
      await client.send(open(0xffffffff, 32_768));
      await client.send(execute("flood"));
      await client.send(kexInit());
      await sleep(2_000);
    });
    await isReaped(subject, sockets);
    client.close();
  }));

Deno.test("input beyond the window does not pile up", () =>
  withSubject({}, async (subject) => {
    const client = await RawClient.loggedIn(subject.port, subject.key);
    await client.send(open(1 << 20, 32_768));
    await client.send(execute("wait"));
    const data = concat(MESSAGE.channelData, u32(0), string(new Uint8Array(30_000)));
    await isFlat(subject, async () => {
      for (let at = 0; at < 5_000; at++) await client.send(data);
    });
    client.close();
  }));

Deno.test("a connection that broke is let go of though its client holds on to it", () =>
  withSubject({}, async (subject) => {
    const { sockets } = await subject.state();
    const client = await RawClient.loggedIn(subject.port, subject.key);
    await client.write(new Uint8Array(100).fill(255));
    await isReaped(subject, sockets);
    client.close();
  }));

Deno.test("50 clients that never read what they asked for: memory stays, others are served, and they have to go", () =>
  withSubject({ stall: 3_000 }, async (subject) => {
    const { sockets } = await subject.state();
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => RawClient.loggedIn(subject.port, subject.key)),
    );
    await isFlat(subject, async () => {
      for (const client of clients) {
        await client.send(open(0xffffffff, 32_768));
        await client.send(execute("flood"));
      }
      for (let time = 0; time < 5; time++) await isServed(subject);
    });
    await isReaped(subject, sockets);
    for (const client of clients) client.close();
  }));
