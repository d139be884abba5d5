import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import { OWN, Starts } from "../../lib/host/starts.ts";

Deno.test("so many at once, in the order they asked; a turn given back goes to the next", async () => {
  const starts = new Starts(2);
  const order: string[] = [];
  const ask = async (name: string) => {
    const giveBack = await starts.turn("miek");
    order.push(name);
    return giveBack;
  };
  const [first, second] = await Promise.all([ask("a"), ask("b")]);
  const [third, fourth] = [ask("c"), ask("d")];
  await sleep(0);
  assert.deepEqual(order, ["a", "b"]);
  first();
  // Given back twice is given back once.
  first();
  (await third)();
  (await fourth)();
  assert.deepEqual(order, ["a", "b", "c", "d"]);
  second();
});

Deno.test("who waits for something else than this machine does not keep others waiting", async () => {
  const starts = new Starts(1);
  await starts.turn("miek");
  (await starts.turn("miek"))();
});

/** The order in which `users`, who ask in this order while somebody has the only turn, get theirs. */
async function orderOf(users: string[]): Promise<string> {
  const starts = new Starts(1);
  const giveBack = await starts.turn("first");
  const order: string[] = [];
  const asked = users.map(async (user) => {
    const giveBack = await starts.turn(user);
    order.push(user);
    giveBack();
  });
  giveBack();
  await Promise.all(asked);
  return order.join(" ");
}

Deno.test("users take turns: nobody waits for all that another has asked before", async () => {
  assert.equal(await orderOf(["a", "a", "a", "a", "b", "b", "c"]), "a b c a b a a");
});

Deno.test("who asks one thing after the other has every second turn beside somebody who asks all at once", async () => {
  const starts = new Starts(1);
  const giveBack = await starts.turn("first");
  const order: string[] = [];
  const ask = async (user: string) => {
    const giveBack = await starts.turn(user);
    order.push(user);
    giveBack();
  };
  const crowd = Array.from({ length: 100 }, () => ask("crowd"));
  const patient = (async () => {
    for (let at = 0; at < 3; at++) await ask("patient");
  })();
  giveBack();
  await patient;
  assert.ok(order.length <= 8, order.join(" "));
  await Promise.all(crowd);
});

Deno.test("what pgod itself asks comes before all users", async () => {
  assert.equal(await orderOf(["a", "b", OWN, "a", OWN]), `${OWN} ${OWN} a b a`);
});

Deno.test("who leaves waits no more, and keeps nobody waiting", async () => {
  const starts = new Starts(1);
  const giveBack = await starts.turn("a");
  const left = new AbortController();
  const stays = starts.turn("b");
  const leaves = [starts.turn("a", left.signal), starts.turn("b", left.signal)];
  left.abort();
  // They come to their end while the only turn is taken, and have none to give back.
  for (const giveBack of await Promise.all(leaves)) giveBack();
  let reached = false;
  void stays.then(() => reached = true);
  await sleep(0);
  assert.equal(reached, false);
  giveBack();
  (await stays)();
  (await starts.turn("a", left.signal))();
  (await starts.turn("a"))();
});
