import assert from "node:assert/strict";
import { createNotify } from "../../lib/host/notify.ts";
import type { Command } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";
import { giveSigns } from "../../lib/service/watchdog.ts";

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
