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

/**
 * A fleet of `s0`, `s1` and `s2`, of which the first tick of `s0` is in the middle of a program that ends when it is
 * told to, or when it is ended if it `heeds` that.
 */
async function busyFleet(heeds: boolean) {
  const ledger = new Ledger(":memory:");
  const { promise: hanging, resolve: hangs } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const host = {
    async run({ user, argv, signal }: Command) {
      if (user?.name === "u0" && argv[0] === "sh" && String(argv[2]).includes("ls-remote")) {
        hangs();
        const ended = Promise.withResolvers<void>();
        if (heeds) signal?.addEventListener("abort", () => ended.resolve());
        await Promise.race([released, ended.promise]);
      }
      const stdout = argv[0] === "stat" ? `${user?.uid} 700\n` : argv[1] === "ps" ? "[]" : "";
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
    [0, 1, 2].map((at) => [`u${at}`, { name: `u${at}`, uid: at, gid: at, home: "/" }] as const),
  );
  const fleet = new Fleet(host, 10_000, () => Promise.resolve(undefined), 50);
  const config = configOf(3);
  await fleet.apply(config, users, "boot");
  await hanging;
  const names = () => fleet.services().map(({ config }) => config.name).sort();
  const takenDown = () => !ledger.services().some(({ name }) => name === "s0");
  const end = async () => {
    release();
    await fleet.stop(1000);
    ledger.close();
  };
  return { fleet, config, users, release, names, takenDown, end, ledger };
}

Deno.test("a reload ends what goes on in a service that is removed, and takes it down", async () => {
  const { fleet, config, users, names, takenDown, end } = await busyFleet(true);
  const [, ...others] = config.services;
  await fleet.apply({ ...config, services: others }, users, "config");
  assert.deepEqual(names(), ["s1", "s2"]);
  assert.ok(takenDown());
  await end();
});

Deno.test("a reload does not wait for a service that does not end: who gets its port comes after it, the others at once", async () => {
  const { fleet, config, users, release, names, takenDown, end } = await busyFleet(false);
  const [first, second, third] = config.services;
  assert.ok(first && second && third);
  const heir = { ...second, name: "heir", ports: first.ports };
  const fresh = { ...third, name: "fresh", ports: undefined };
  await fleet.apply({ ...config, services: [third, heir, fresh] }, users, "config");
  assert.deepEqual(names(), ["fresh", "s0", "s2"]);
  assert.equal(fleet.find("s0")?.parting, "removed");
  assert.ok(!takenDown());
  release();
  while (fleet.find("s0") || !fleet.find("heir")) await sleep(1);
  assert.ok(takenDown());
  assert.deepEqual(names(), ["fresh", "heir", "s2"]);
  await end();
});

Deno.test("a service that another reload wants again before it was gone comes back as the newest config has it", async () => {
  const { fleet, config, users, release, names, end, ledger } = await busyFleet(false);
  const [first, ...others] = config.services;
  assert.ok(first);
  await fleet.apply({ ...config, services: others }, users, "config");
  const newest = { ...config, services: [{ ...first, branch: "next" }, ...others] };
  await fleet.apply(newest, users, "config");
  assert.equal(fleet.find("s0")?.config.branch, "main");
  release();
  while (fleet.find("s0")?.config.branch !== "next") await sleep(1);
  assert.deepEqual(names(), ["s0", "s1", "s2"]);
  assert.equal(ledger.service("s0").user, "u0");
  await end();
});

Deno.test("a config that names nobody ends no deployment", async () => {
  const { fleet, config, users, takenDown, end } = await busyFleet(true);
  await fleet.apply({ ...config, services: [] }, users, "config");
  assert.equal(fleet.find("s0")?.parting, "changed");
  assert.ok(!takenDown());
  await end();
});
