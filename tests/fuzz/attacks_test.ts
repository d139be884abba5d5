import assert from "node:assert/strict";
import { within } from "../../lib/host/clock.ts";
import { honest, withSubject } from "./process.ts";
import { RawClient } from "./raw_client.ts";
import { concat, MESSAGE, string, u32 } from "./wire.ts";

Deno.test("a channel whose packets may hold nothing does not send pgod round in circles", () =>
  withSubject({ grace: 3_000 }, async (subject) => {
    const client = await RawClient.loggedIn(subject.port, subject.key);
    const open = concat(MESSAGE.channelOpen, string("session"), u32(0), u32(1 << 20), u32(0));
    const exec = concat(MESSAGE.channelRequest, u32(0), string("exec"), 1, string("fuzz//ping"));
    await client.send(open);
    await client.send(exec);
    assert.equal(await within(5_000, honest(subject, "fuzz//ping")), 0);
    await client.finish();
  }));
