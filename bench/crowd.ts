/**
 * A process with a fleet of many services on a mocked host, that measures itself. Arguments: a directory with `key.pub`
 * and `host_key`, the number of services, the milliseconds of an interval, how many are pushed to at once. Prints a
 * line of JSON about a start and an idle time, one when it is pushed to, and one when that is live.
 * @module
 */
import process from "node:process";
import { createAuthority } from "../lib/commands/authority.ts";
import { createHandler } from "../lib/commands/dispatch.ts";
import { parseConfig } from "../lib/config/parse.ts";
import { SSH_LIMITS } from "../lib/config/ssh.ts";
import { sleep } from "../lib/host/clock.ts";
import type { Log } from "../lib/log.ts";
import { Fleet } from "../lib/service/fleet.ts";
import { Ledger } from "../lib/service/ledger.ts";
import { Turns } from "../lib/service/turns.ts";
import { serve } from "../lib/ssh/server.ts";
import { percentile } from "./measure.ts";
import { mockedHost } from "./mocked_host.ts";

/** Where services would be: pgod may not read there, and asks the mocked host. */
const DIR = "/mocked";
/** Idle time that is measured, in intervals. */
const IDLE = 2;
/** Milliseconds between that and the pushes. */
const CALM = 6000;

const [dir = "", count = "", each = "", pushed = ""] = Deno.args;
const services = Number(count), interval = Number(each), pushes = Number(pushed);
type Collector = (how: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;
const gc = (globalThis as { gc?: Collector }).gc;

const mocked = mockedHost(await Deno.readTextFile(`${dir}/key.pub`));
/** How late each tick was, in milliseconds. */
let late: number[] = [];
const asked: string[] = [];
let live = 0;
const event = (name: string, _message: string, fields?: unknown) => {
  if (name === "deployment.live") live++;
  if (name === "deployment.started") asked.push((fields as { service: string }).service);
  if (/refused|trouble|failed|quarantined/.test(name)) console.error(_message);
};
const log = { debug() {}, info: event, warn: event, error: event } as Log;
const host = {
  run: mocked.run,
  log,
  ledger: new Ledger(`${dir}/pgo.db`),
  turns: new Turns(2),
  dir: DIR,
  how: "self" as const,
  settle: 100,
  async sleep(ms: number, signal?: AbortSignal) {
    const due = performance.now() + ms;
    await sleep(ms, signal);
    if (ms >= interval / 2) late.push(performance.now() - due);
  },
};
const configOf = (services: number) =>
  parseConfig(
    Array.from(
      { length: services },
      (_, at) =>
        `[[services]]\nname = "s${at}"\nuser = "u${at}"\nrepository = "https://example.org/r"\nports = ["${
          1024 + at
        }/0"]\n`,
    ).join(""),
    "config.toml",
  );
const users = new Map(
  Array.from({ length: services }, (_, at) => {
    const user = { name: `u${at}`, uid: 1000 + at, gid: 1000, home: "/mocked" };
    return [user.name, user] as const;
  }),
);
const fleet = new Fleet(host, interval, () => Promise.resolve(undefined));
const authority = createAuthority(() => []);
const server = await serve({
  address: { host: "127.0.0.1", port: 0 },
  hostKey: await Deno.readTextFile(`${dir}/sshd_key`),
  log,
  limits: () => SSH_LIMITS,
  knows: (blob, address) =>
    authority.anywhere(fleet.services(), { blob, address, now: Date.now() }),
  handle: createHandler(fleet, authority, log, () => SSH_LIMITS),
});
const tell = (facts: Record<string, unknown>) => console.log(JSON.stringify(facts));
const until = async (isSo: () => boolean) => {
  while (!isSo()) await sleep(5);
};

// The first is deployed; the others are found live, as after a restart of pgod.
await fleet.apply(configOf(1), users, "boot");
await until(() => live === 1);
await sleep(1000);
mocked.copy([...users.keys()]);
const before = await resident();
const start = process.cpuUsage(), started = performance.now();
await fleet.apply(configOf(services), users, "boot");
await until(() => fleet.services().every(({ handled }) => handled));
const boot = cpu(start), took = performance.now() - started;
await sleep(interval);
const asItIs = Deno.memoryUsage().rss - before;
const memory = await resident() - before;
await sleep(interval);

late = [];
const calls = mocked.calls();
const idling = process.cpuUsage();
await sleep(IDLE * interval);
tell({
  boot,
  took,
  memory,
  asItIs,
  port: server.address.port,
  idle: cpu(idling),
  ticks: late.length,
  calls: mocked.calls() - calls,
  late: percentile(late, 99),
});

// For whoever wants to know how it was before.
await sleep(CALM);
[live, late, asked.length, mocked.begun.length] = [0, [], 0, 0];
const pushing = performance.now();
tell({ pushing: true });
for (let at = 0; at < pushes; at++) mocked.push(`u${at * Math.floor(services / pushes)}`);
await until(() => live === pushes);
const begun = [...new Set(mocked.begun)].map((user) => user.replace("u", "s"));
tell({
  took: performance.now() - pushing,
  overtaken: begun.filter((name, at) => name !== asked[at]).length,
  late: percentile(late, 99),
});
// Whoever pings is answered to the end.
await sleep(2000);
Deno.exit();

/** Bytes that are resident once V8 has given back what it holds empty. */
async function resident(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    await sleep(300);
  }
  return Deno.memoryUsage().rss;
}

/** Milliseconds of a processor since `from`. */
function cpu(from: ReturnType<typeof process.cpuUsage>): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}
