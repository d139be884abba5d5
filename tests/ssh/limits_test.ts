import assert from "node:assert/strict";
import { sleep, within } from "../../lib/host/clock.ts";
import { parseKeyLine } from "../../lib/ssh/access.ts";
import { groupOf } from "../../lib/ssh/admission.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { authRequest, makeFuzzKey, RawClient } from "../fuzz/raw_client.ts";
import { concat, MESSAGE, readString, readU32, string, u32 } from "../fuzz/wire.ts";
import { recordedLog } from "../recorded_log.ts";
import { makeKey, outcome, withServer } from "./loopback.ts";

const KEY = makeFuzzKey();
const knows = (blob: string) => ({
  key: { ...parseKeyLine(`ssh-ed25519 ${blob}`), file: "any.pub", line: 1 },
});

/** `x//wait` goes on until its client is gone, `x//flood` prints without end, all else ends at once. */
const handle: Handle = async ({ line = "", stdout, signal }) => {
  while (line === "x//flood") await stdout(new Uint8Array(65_536));
  if (line === "x//wait") {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }
  return 0;
};

/** The reason and the text of a disconnect. */
function farewell(payload: Uint8Array | undefined): [code: number, text: string] | undefined {
  if (payload?.[0] !== MESSAGE.disconnect) return undefined;
  return [readU32(payload, 1), new TextDecoder().decode(readString(payload, 5))];
}

async function open(client: RawClient, number: number, window = 1 << 21): Promise<boolean> {
  const size = u32(32_768);
  await client.send(
    concat(MESSAGE.channelOpen, string("session"), u32(number), u32(window), size),
  );
  const answer = await client.receiveAny(
    MESSAGE.channelOpenConfirmation,
    MESSAGE.channelOpenFailure,
  );
  return answer?.[0] === MESSAGE.channelOpenConfirmation;
}

const exec = (client: RawClient, number: number, line: string) =>
  client.send(concat(MESSAGE.channelRequest, u32(number), string("exec"), 1, string(line)));

Deno.test("a client with ever more keys is told why it is cut off", () =>
  withServer({ handle, limits: { authTries: 3 } }, async ({ dir, ssh }) => {
    const keys = Array.from({ length: 5 }, (_, at) => `k${at}`);
    for (const name of keys) await makeKey(`${dir}/${name}`);
    const { code, stderr } = await outcome(ssh(["x//ps"], { keys }));
    assert.equal(code, 255);
    assert.match(stderr, /Received disconnect .*:14: too many keys were tried/);
  }));

Deno.test("who was cut off for too many keys is not heard any more, with a good one neither", async () => {
  const good = makeFuzzKey();
  const blobOfGood = btoa(String.fromCharCode(...good.blob));
  const knowsGood = (blob: string) =>
    blob === blobOfGood ? knows(blob) : { refused: "unknown key" };
  const { log, lines } = recordedLog("ssh.login", "ssh.refused");
  let asked = 0;
  const counted: Handle = (request) => {
    asked++;
    return handle(request);
  };
  const options = { handle: counted, knows: knowsGood, log, limits: { authTries: 2 } };
  await withServer(options, async ({ port }) => {
    const client = await RawClient.keyed(port);
    const tries = [makeFuzzKey(), makeFuzzKey(), good];
    // All in one go: what follows the last straw is in the server's hands already.
    const sent = tries.map((key) => client.signed(authRequest("ssh-ed25519", key.blob), key));
    sent.push(concat(MESSAGE.channelOpen, string("session"), u32(0), u32(1 << 21), u32(32_768)));
    sent.push(concat(MESSAGE.channelRequest, u32(0), string("exec"), 1, string("x//ps")));
    await client.sendTogether(...sent);
    const types: number[] = [];
    for (let payload; (payload = await client.receive());) types.push(payload[0] ?? 0);
    assert.deepEqual(types, [MESSAGE.authFailure, MESSAGE.disconnect]);
    client.close();
    await sleep(100);
  });
  assert.equal(asked, 0);
  assert.deepEqual(lines.map(({ event }) => event), ["ssh.refused", "ssh.refused"]);
});

const STAGES: [stage: string, connect: (port: number) => Promise<RawClient>][] = [
  ["says nothing", RawClient.connect],
  ["has exchanged keys", RawClient.keyed],
];
for (const [stage, connect] of STAGES) {
  Deno.test(`login grace: who ${stage} and does not log in is told, and cut off`, () =>
    withServer({ handle, limits: { loginGrace: 700 } }, async ({ port }) => {
      const client = await connect(port);
      if (stage === "says nothing") await client.greeted();
      const last = await client.receiveAny(MESSAGE.disconnect);
      assert.deepEqual(farewell(last), [11, "not logged in after 0.7 s"]);
      await client.finish();
    }));

  Deno.test(`one address: who ${stage} for longest makes room for the next, and is told`, () =>
    withServer({ handle, limits: { perAddress: 3 } }, async ({ port, remote }) => {
      const clients: RawClient[] = [];
      for (let at = 0; at < 3; at++) clients.push(await connect(port));
      assert.equal(await remote("x//ps"), 0);
      const [oldest, ...others] = clients;
      assert.ok(oldest);
      if (stage === "says nothing") await oldest.greeted();
      const last = await oldest.receiveAny(MESSAGE.disconnect);
      assert.deepEqual(farewell(last), [
        12,
        "too many connections that have not logged in, try again",
      ]);
      await oldest.finish();
      for (const other of others) {
        if (stage === "says nothing") await other.greeted();
        else await other.send(Uint8Array.of(MESSAGE.ignore, 0, 0, 0, 0));
        other.close();
      }
    }));
}

Deno.test("all addresses: the greatest crowd makes room, and the log says so once", async () => {
  const { log, lines } = recordedLog("ssh.crowd");
  await withServer({ handle, log, limits: { unauthenticated: 10 } }, async ({ port, remote }) => {
    const clients: RawClient[] = [];
    for (let at = 0; at < 40; at++) clients.push(await RawClient.connect(port));
    assert.equal(await remote("x//ps"), 0);
    for (const client of clients) client.close();
  });
  assert.equal(lines.length, 1);
});

Deno.test("addresses that one client can choose from are one address", () => {
  assert.equal(groupOf("::ffff:10.0.0.1"), "10.0.0.1");
  assert.equal(groupOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(groupOf("2001:db8:1:2::9"), groupOf("2001:0db8:0001:0002:ffff::1"));
  assert.notEqual(groupOf("2001:db8:1:2::9"), groupOf("2001:db8:1:3::9"));
  assert.equal(groupOf("::1"), "0:0:0:0::/64");
  assert.equal(groupOf("fe80::1%eth0"), "fe80:0:0:0::/64");
});

Deno.test("who has logged in is not among those that make room", () =>
  withServer({ handle, knows, limits: { perAddress: 1 } }, async ({ port, remote }) => {
    const client = await RawClient.loggedIn(port, KEY);
    for (let at = 0; at < 3; at++) assert.equal(await remote("x//ps"), 0);
    assert.ok(await open(client, 0));
    client.close();
  }));

Deno.test("a connection has so many sessions at once, and a new one when one has ended", () =>
  withServer({ handle, knows, limits: { sessions: 2 } }, async ({ port }) => {
    const client = await RawClient.loggedIn(port, KEY);
    assert.deepEqual([await open(client, 0), await open(client, 1), await open(client, 2)], [
      true,
      true,
      false,
    ]);
    await exec(client, 0, "x//ps");
    await client.receiveAny(MESSAGE.channelClose);
    await client.send(concat(MESSAGE.channelClose, u32(0)));
    assert.equal(await open(client, 3), true);
    client.close();
  }));

Deno.test("a connection without a session is ended after its idle time, one with a session is not", () =>
  withServer({ handle, knows, limits: { idle: 500 } }, async ({ port }) => {
    const busy = await RawClient.loggedIn(port, KEY);
    assert.ok(await open(busy, 0));
    await exec(busy, 0, "x//wait");
    const idle = await RawClient.loggedIn(port, KEY);
    assert.deepEqual(farewell(await idle.receiveAny(MESSAGE.disconnect)), [
      11,
      "nothing to do for 0.5 s",
    ]);
    await idle.finish();
    await sleep(300);
    assert.ok(await open(busy, 1));
    busy.close();
  }));

for (const window of [1 << 21, 0xffff_ffff, 0]) {
  Deno.test(`a client that takes nothing (window ${window}) is ended, others are served`, async () => {
    const { log, lines } = recordedLog("ssh.ended");
    const ended = Promise.withResolvers<true>();
    const flooding: Handle = async (request) => {
      request.signal.addEventListener("abort", () => ended.resolve(true));
      return await handle(request);
    };
    await withServer(
      { handle: flooding, knows, log, limits: { stall: 600 } },
      async ({ port, remote }) => {
        const client = await RawClient.loggedIn(port, KEY);
        assert.ok(await open(client, 0, window));
        await exec(client, 0, "x//flood");
        assert.equal(await within(10_000, ended.promise), true);
        assert.equal(await remote("x//ps"), 0);
        client.close();
      },
    );
    assert.deepEqual(lines.map(({ message }) => message), [
      "Connection ended: its client takes nothing",
    ]);
  });
}

Deno.test("a client that sends more than it may is ended", async () => {
  const { log, lines } = recordedLog("ssh.ended");
  await withServer({ handle, knows, log }, async ({ port }) => {
    const client = await RawClient.loggedIn(port, KEY);
    assert.ok(await open(client, 0));
    await exec(client, 0, "x//wait");
    const chunk = string(new Uint8Array(32_000));
    for (let sent = 0; sent < 300 && lines.length === 0; sent++) {
      await client.send(concat(MESSAGE.channelData, u32(0), chunk));
    }
    await client.finish().catch(() => client.close());
  });
  assert.deepEqual(lines.map(({ message }) => message), [
    "Connection ended: its client sends more than it may",
  ]);
});

Deno.test("stdout and stderr that wait for one window arrive once each, and whole", () =>
  withServer({
    knows,
    async handle({ stdout, stderr }) {
      await Promise.all([
        stdout(new Uint8Array(50_000).fill(1)),
        stderr(new Uint8Array(50_000).fill(2)),
      ]);
      await stdout(new Uint8Array(50_000).fill(3));
      return 0;
    },
  }, async ({ port }) => {
    const client = await RawClient.loggedIn(port, KEY);
    assert.ok(await open(client, 0, 20_000));
    await exec(client, 0, "x//ps");
    const counts = [0, 0, 0, 0];
    for (;;) {
      const payload = await client.receive();
      if (!payload || payload[0] === MESSAGE.channelClose) break;
      const extended = payload[0] === MESSAGE.channelExtendedData;
      if (payload[0] !== MESSAGE.channelData && !extended) continue;
      const bytes = readString(payload, extended ? 9 : 5);
      for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
      await client.send(concat(MESSAGE.channelWindowAdjust, u32(0), u32(bytes.length)));
    }
    assert.deepEqual(counts, [0, 50_000, 50_000, 50_000]);
    client.close();
  }));
