import assert from "node:assert/strict";
import { createNotify } from "../../lib/host/notify.ts";
import type { Command } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";
import { follow } from "../../lib/service/poller.ts";
import { createService, type Host } from "../../lib/service/service.ts";
import { giveSigns } from "../../lib/service/watchdog.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import { Turns } from "../../lib/service/turns.ts";
import { parseConfig } from "../../lib/config/parse.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

Deno.test("systemd gets a sign of life for as long as no service's ticks are overdue", async () => {
  const told: string[] = [];
  const errors: string[] = [];
  const ended = new AbortController();
  const late = [[], [], ["shop"], ["shop", "wiki"], []];
  let round = 0;
  await giveSigns(
    { overdue: () => late[round] ?? [] },
    {
      notify: (...words) => Promise.resolve(void told.push(`${round} ${words}`)),
      log: {
        ...silent,
        error: (_event: string, message: string, ..._: unknown[]) => void errors.push(message),
      },
      sleep: () => {
        if (++round === late.length) ended.abort();
        return Promise.resolve();
      },
    },
    ended.signal,
  );
  assert.deepEqual(told, ["0 WATCHDOG=1", "1 WATCHDOG=1", "4 WATCHDOG=1"]);
  assert.deepEqual(errors, [
    "The ticks of shop do not come any more",
    "The ticks of shop, wiki do not come any more",
  ]);
});

Deno.test("systemd is told through its socket; without one nobody is; a failure is one line", async () => {
  const ran: Command[] = [];
  const warned: string[] = [];
  const log = {
    ...silent,
    warn: (_event: string, message: string, ..._: unknown[]) => void warned.push(message),
  };
  const run = (code: number) => (command: Command) => {
    ran.push(command);
    return Promise.resolve({ code, stdout: "", stderr: "no\n" });
  };
  await createNotify(run(0), log, undefined)("READY=1");
  assert.deepEqual(ran, []);
  await createNotify(run(0), log, "/run/s")("READY=1", "STATUS=a b");
  assert.deepEqual(ran.map(({ argv, env }) => [argv, env]), [
    [["systemd-notify", "READY=1", "STATUS=a b"], { NOTIFY_SOCKET: "/run/s" }],
  ]);
  await createNotify(run(1), log, "/run/s")("READY=1");
  assert.deepEqual(warned, ["systemd was not told READY=1: no"]);
});

Deno.test("each tick says by when the next one is due, also after a failure; who is left alone is never overdue", async () => {
  const leave = new AbortController();
  const dues: number[] = [];
  const [config] =
    parseConfig('[[services]]\nname = "shop"\nuser = "u"\nrepository = "/r"\n', "c").services;
  assert.ok(config);
  const host: Host = {
    run: () => Promise.reject(new Error("nothing can be started")),
    sleep: (ms) => {
      dues.push(Math.round(unit.due - performance.now()) - ms);
      if (dues.length === 3) leave.abort();
      return Promise.resolve();
    },
    log: silent,
    ledger: new Ledger(":memory:"),
    turns: new Turns(1),
    dir: "/nowhere",
    how: "self",
    settle: 1,
  };
  const unit = createService(host, config, { name: "u", uid: 1, gid: 1, home: "/" }, []);
  assert.equal(unit.due, Infinity);
  const deadline = new AbortController().signal;
  await follow(unit, {
    interval: 10_000,
    cause: "boot",
    signal: leave.signal,
    deadline,
    starts: new Turns(1),
  });
  assert.equal(dues.length, 3);
  for (const late of dues) assert.ok(late <= 0 && late > -1000, `${dues}`);
  assert.equal(unit.due, Infinity);
  host.ledger.close();
});
