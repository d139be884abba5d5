import assert from "node:assert/strict";
import { parseConfig } from "../../lib/config/parse.ts";
import { sleep } from "../../lib/host/clock.ts";
import type { Command } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";
import { Fleet } from "../../lib/service/fleet.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import { Turns } from "../../lib/service/turns.ts";

const SERVICES = 40;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A config whose service `at` has the user `u<at>` and the port `8000 + at`. */
function configOf(services: number) {
  const text = Array.from(
    { length: services },
    (_, at) =>
      `[[services]]\nname = "s${at}"\nuser = "u${at}"\nrepository = "/r"\nports = ["${
        8000 + at
      }/0"]\n`,
  );
  return parseConfig(text.join(""), "c");
}

Deno.test("services are started a few at a time, in the config's order: the first runs before the last is looked at", async () => {
  /** Users in the order of their first and of their last command. */
  const began = new Map<string, number>(), ended = new Map<string, number>();
  let step = 0;
  const ledger = new Ledger(":memory:");
  const host = {
    async run({ user, argv }: Command) {
      const name = user?.name ?? "";
      await sleep(20);
      step++;
      if (!began.has(name)) began.set(name, step);
      ended.set(name, step);
      const stdout = argv[0] === "stat" ? `${user?.uid} 700\n` : "";
      // No remote answers, so that nothing comes after the start.
      return { code: argv[0] === "cat" || argv[0] === "git" ? 1 : 0, stdout, stderr: "" };
    },
    sleep: (_ms: number, signal?: AbortSignal) => sleep(60_000, signal),
    log: silent,
    ledger,
    turns: new Turns(1),
    dir: "/nowhere",
    how: "self" as const,
    settle: 1,
  };
  const users = new Map(
    Array.from({ length: SERVICES }, (_, at) => {
      const user = { name: `u${at}`, uid: at, gid: at, home: "/" };
      return [user.name, user] as const;
    }),
  );
  const fleet = new Fleet(host, 10_000, () => Promise.resolve(undefined));
  await fleet.apply(configOf(SERVICES), users, "boot");
  while (fleet.services().some(({ trouble }) => trouble === "")) await sleep(1);
  const [first = 0, last = 0] = [ended.get("u0"), began.get(`u${SERVICES - 1}`)];
  assert.ok(first < last, `${first} ${last}`);
  assert.deepEqual([...began.keys()], [...users.keys()]);

  const [one] = fleet.services();
  assert.deepEqual(one?.foreignPorts.length, SERVICES - 1);
  assert.ok(one?.foreignPorts.every(({ service }) => service !== "s0"));
  await fleet.apply(configOf(SERVICES), users, "config");
  assert.equal(fleet.find("s0"), one, "the same config changes nothing");
  await fleet.apply(configOf(SERVICES - 1), users, "config");
  assert.notEqual(fleet.find("s0"), one, "a port that is nobody's any more is another matter");
  assert.equal(fleet.find("s0")?.foreignPorts.length, SERVICES - 2);
  await fleet.stop(1000);
  ledger.close();
});
