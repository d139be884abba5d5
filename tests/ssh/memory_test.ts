import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import { honest, type Subject, withSubject } from "../fuzz/process.ts";
import { RawClient } from "../fuzz/raw_client.ts";
import { concat, MESSAGE, string, u32 } from "../fuzz/wire.ts";

const CLIENTS = 100;
const MEGABYTE = 1024 * 1024;

/** Asks for endless output, and says that it can take 4 GB of it. */
async function flood({ port, key }: Subject): Promise<RawClient> {
  const client = await RawClient.loggedIn(port, key);
  const size = u32(32_768);
  await client.send(concat(MESSAGE.channelOpen, string("session"), u32(0), u32(0xffff_ffff), size));
  await client.send(concat(MESSAGE.channelRequest, u32(0), string("exec"), 0, string("flood")));
  return client;
}

Deno.test(`${CLIENTS} clients that never read cost less than 50 MB, and others are served`, () =>
  withSubject({ limits: { loginGrace: 30_000 } }, async (subject) => {
    // What any first connection loads, and what any stream leaves to be collected, is not theirs.
    for (let at = 0; at < 20; at++) assert.equal(await honest(subject, "fuzz//ping"), 0);
    const reader = await flood(subject);
    for (let packets = 0; packets < 2000; packets++) await reader.receive();
    reader.close();
    await sleep(500);
    const before = await subject.state();
    const clients: RawClient[] = [];
    while (clients.length < CLIENTS) clients.push(await flood(subject));
    assert.equal(await honest(subject, "fuzz//ping"), 0);
    // What was thrown away is given back a bit at a time; what waits for a client stays at every look.
    let cost = Infinity;
    for (let looks = 0; looks < 20 && cost >= 50; looks++) {
      await sleep(500);
      const during = await subject.state();
      assert.equal(during.running, CLIENTS, "all of them are being served");
      cost = (during.rss - before.rss) / MEGABYTE;
    }
    assert.ok(cost < 50, `${cost.toFixed(1)} MB`);
    for (const client of clients) client.close();
  }));
