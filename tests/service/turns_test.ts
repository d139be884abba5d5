import assert from "node:assert/strict";
import fc from "fast-check";
import { LONGEST_TURN, Turns } from "../../lib/service/turns.ts";

/** Deployments that end when they are told to; `a1` is service 1 of user a. `events` are starts and waits. */
function deployments(limit: number) {
  const turns = new Turns(limit);
  const events: string[] = [];
  const running = new Map<string, () => void>();
  const take = (name: string) =>
    turns.take({ name, user: name.charAt(0) }, async () => {
      events.push(name);
      await new Promise<void>((resolve) => running.set(name, resolve));
    }, (others) => events.push(`${name} waits for ${others}`));
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
  const end = (name: string) => {
    running.get(name)?.();
    running.delete(name);
    return settled();
  };
  return { take, end, events, running, settled };
}

Deno.test("no more deployments at once than there are turns, in the order they came", async () => {
  const { take, end, events } = deployments(2);
  const all = ["a", "b", "c", "d"].map(take);
  assert.deepEqual(events, ["a", "b", "c waits for a, b", "d waits for a, b"]);
  for (const name of ["b", "a", "c", "d"]) await end(name);
  await Promise.all(all);
  assert.deepEqual(events.slice(4), ["c", "d"]);
});

Deno.test("a user with two slow builds holds one turn: another's deployment does not wait", async () => {
  const { take, end, events } = deployments(2);
  const all = ["a1", "a2", "b1", "c1"].map(take);
  assert.deepEqual(events, ["a1", "a2 waits for a1", "b1", "c1 waits for a1, b1"]);
  events.length = 0;
  for (const name of ["b1", "c1", "a1", "a2"]) await end(name);
  await Promise.all(all);
  assert.deepEqual(events, ["c1", "a2"], "room that only a2 waits for stays while a1 runs");
});

Deno.test("with one turn, who has just had it lets others go first, once", async () => {
  const { take, end, events } = deployments(1);
  const all = ["a1", "a2", "a3", "b1", "b2"].map(take);
  events.length = 0;
  for (const name of ["a1", "b1", "a2", "b2", "a3"]) await end(name);
  await Promise.all(all);
  assert.deepEqual(events, ["b1", "a2", "b2", "a3"]);
});

Deno.test("a deployment that fails gives its turn on", async () => {
  const turns = new Turns(1);
  const fails = turns.take({ name: "a1", user: "a" }, () => Promise.reject(new Error("no")));
  const next = turns.take({ name: "a2", user: "a" }, () => Promise.resolve("done"));
  await assert.rejects(fails, /no/);
  assert.equal(await next, "done");
});

Deno.test("a turn that lasts too long is given on while its holder works, and its end gives nothing twice", async () => {
  const ends: (() => void)[] = [];
  const asked: number[] = [];
  const turns = new Turns(1, (ms) => {
    asked.push(ms);
    return new Promise((resolve) => ends.push(resolve));
  });
  const [slow, next, last] = ["a", "b", "c"].map((name) => turns.place({ name, user: name }));
  assert.ok(slow && next && last);
  assert.deepEqual([slow, next, last].map((place) => place.ask()), [true, false, false]);
  assert.equal(next.before(), "a");
  ends[0]?.();
  await next.turn;
  assert.deepEqual([next, last].map((place) => place.ask()), [true, false]);
  slow.leave();
  assert.equal(last.ask(), false, "what a had is b's now");
  assert.deepEqual(asked, [LONGEST_TURN, LONGEST_TURN]);
  next.leave();
  await last.turn;
  assert.ok(last.ask());
  last.leave();
  assert.ok(slow.ask(), "who had one may ask again");
});

Deno.test("who leaves the queue is told, and has no turn later", async () => {
  const turns = new Turns(1, () => new Promise(() => {}));
  const [holder, gone, next] = ["a", "b", "c"].map((name) => turns.place({ name, user: name }));
  assert.ok(holder && gone && next);
  assert.deepEqual([holder, gone, next].map((place) => place.ask()), [true, false, false]);
  gone.leave();
  await gone.turn;
  holder.leave();
  assert.deepEqual([gone.isWaiting, next.isWaiting, next.ask()], [false, false, true]);
});

Deno.test("whoever comes and ends when, turns are bounded, one a user, and all are had", async () => {
  const names = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 })
    .map((users) => users.map((user, at) => `${user}${at}`));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), names, fc.infiniteStream(fc.nat()), async (
      limit,
      names,
      picks,
    ) => {
      const { take, end, events, running, settled } = deployments(limit);
      const left = [...names];
      const all: Promise<void>[] = [];
      const pick = () => Number(picks.next().value);
      while (left.length > 0 || running.size > 0) {
        const coming = left.length > 0 && (running.size === 0 || pick() % 2 === 0);
        if (coming) all.push(take(left.shift() ?? ""));
        else await end([...running.keys()][pick() % running.size] ?? "");
        await settled();
        const users = [...running.keys()].map((name) => name.charAt(0));
        assert.ok(users.length <= limit, `${users}`);
        assert.equal(new Set(users).size, users.length, `${users}`);
      }
      await Promise.all(all);
      assert.deepEqual(events.filter((event) => !event.includes(" ")).sort(), names.sort());
    }),
    { numRuns: 100 },
  );
});
