import assert from "node:assert/strict";
import { BusyError, Lock } from "../../lib/service/lock.ts";
import { nextDelay } from "../../lib/service/poller.ts";
import { Ledger } from "../../lib/service/ledger.ts";

Deno.test("ticks wander by a tenth, and back off to eight intervals", () => {
  assert.deepEqual([0, 0.5, 1].map((random) => nextDelay(1000, 0, random)), [900, 1000, 1100]);
  assert.deepEqual([1, 2, 3, 4, 50].map((failures) => nextDelay(1000, failures, 0.5)), [
    2000,
    4000,
    8000,
    8000,
    8000,
  ]);
});

Deno.test("one writer at a time, in order; who waits is told for whom, and gives up", async () => {
  const lock = new Lock();
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = lock.hold("up by a", () => promise.then(() => void order.push("a")), {
    patience: 1000,
  });
  await Promise.resolve();
  await new Promise<void>((done) => queueMicrotask(done));
  const waits: string[] = [];
  const impatient = lock.hold("b", () => Promise.resolve(), {
    patience: 20,
    waiting: (holder) => void waits.push(holder),
  });
  const second = lock.hold("c", () => Promise.resolve(void order.push("c")), { patience: 5000 });
  await assert.rejects(
    impatient,
    (error: Error) => error instanceof BusyError && /"up by a"/.test(error.message),
  );
  resolve();
  await Promise.all([first, second]);
  assert.deepEqual([order, waits, lock.holder], [["a", "c"], ["up by a"], ""]);
});

Deno.test("the ledger remembers over restarts, and refuses one that is newer", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/pgo.db`;
  const one = new Ledger(path);
  const record = one.begin({
    service: "shop",
    revision: "r",
    digest: "d",
    cause: "push",
    actor: "pgod",
  }, 41);
  assert.equal(record.number, 42);
  one.update("shop", { user: "miek", live: 42, stopped: "by x" });
  one.end(record, "live", "");
  one.close();
  const two = new Ledger(path);
  assert.deepEqual(
    two.services(),
    [{
      name: "shop",
      user: "miek",
      live: 42,
      checkout: null,
      stopped: "by x",
      frozen: null,
      halted: "[]",
    }].map((row) => Object.assign(Object.create(null), row)),
  );
  assert.equal(two.deployment("shop", 42)?.outcome, "live");
  two.close();
  await Deno.remove(dir, { recursive: true });
});
