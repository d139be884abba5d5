import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import { Starts } from "../../lib/host/starts.ts";

Deno.test("so many at once, in the order they asked; a turn given back goes to the next", async () => {
  const starts = new Starts(2);
  const order: string[] = [];
  const ask = async (name: string) => {
    const giveBack = await starts.turn();
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
  await starts.turn();
  (await starts.turn())();
});
