import assert from "node:assert/strict";
import { asUser } from "../../lib/host/as_user.ts";
import { onBehalfOf } from "../../lib/host/behalf.ts";
import { sleep } from "../../lib/host/clock.ts";
import { createRun, OutputError, ProcessError } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";
import { recordedLog } from "../recorded_log.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const run = createRun({ how: "self", log: silent, path: Deno.env.get("PATH"), grace: 500 });
const miek = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };

Deno.test("argv and environment in each mode", () => {
  const env = {
    HOME: "/home/miek",
    LANG: "C.UTF-8",
    LOGNAME: "miek",
    PATH: "/bin",
    USER: "miek",
    XDG_RUNTIME_DIR: "/run/user/1000",
    SECRET: "x",
  };
  assert.deepEqual(asUser(["git", "x"], miek, "runuser", { SECRET: "x" }, "/bin"), {
    argv: ["runuser", "-u", "miek", "--", "git", "x"],
    env,
  });
  assert.deepEqual(asUser(["git"], miek, "self", { SECRET: "x" }, "/bin"), { argv: ["git"], env });
  assert.deepEqual(asUser(["git"], miek, "sudo", { SECRET: "x" }, "/bin").argv, [
    "sudo",
    "-n",
    "-H",
    "-u",
    "miek",
    "--preserve-env=LANG,XDG_RUNTIME_DIR,SECRET",
    "--",
    "git",
  ]);
});

Deno.test("output, stdin and exit code; nothing of pgod's own environment", async () => {
  Deno.env.set("PGO_TEST_LEAK", "leak");
  const { code, stdout, stderr } = await run({
    argv: ["sh", "-c", "cat; echo err >&2; echo $PGO_TEST_LEAK$A; exit 7"],
    stdin: "in",
    env: { A: "b" },
  });
  assert.deepEqual([code, stdout, stderr], [7, "inb\n", "err\n"]);
});

Deno.test("a deadline ends the whole process group, also what ignores SIGTERM", async () => {
  const pids = Promise.withResolvers<string>();
  const script = "trap '' TERM; sleep 4712 & echo $!; wait; sleep 4712";
  const ended = run({
    argv: ["sh", "-c", script],
    deadline: 300,
    stdout: (chunk) => pids.resolve(new TextDecoder().decode(chunk).trim()),
  });
  await assert.rejects(
    ended,
    (error: Error) => error instanceof ProcessError && /took longer than 0.3 s/.test(error.message),
  );
  const { stdout } = await run({ argv: ["ps", "-o", "stat=", "-p", await pids.promise] });
  assert.match(stdout.trim(), /^(Z.*)?$/);
});

Deno.test("a signal ends it, and a sink that fails does", async () => {
  const abort = new AbortController();
  const ended = run({ argv: ["sleep", "4713"], signal: abort.signal });
  abort.abort();
  await assert.rejects(ended, /was ended/);
  await assert.rejects(
    run({ argv: ["yes"], stdout: () => Promise.reject(new Error("gone")) }),
    /lost its reader/,
  );
});

for (const stdout of [undefined, () => {}]) {
  const what = stdout ? "watched" : "only asked";
  Deno.test(`what is ${what} on behalf of somebody ends when he leaves, and begins no more`, async () => {
    const left = new AbortController();
    const { log, lines } = recordedLog("program.started");
    const run = createRun({ how: "self", log, path: Deno.env.get("PATH"), grace: 500 });
    const asked = onBehalfOf(
      { user: "miek", signal: left.signal },
      () => Array.from({ length: 20 }, () => run({ argv: ["sleep", "4714"], stdout })),
    );
    const others = run({ argv: ["sleep", "0"] });
    left.abort();
    for (const one of asked) await assert.rejects(one, /was ended/);
    assert.equal((await others).code, 0);
    assert.ok(lines.length < 20, `${lines.length} were started`);
  });
}

Deno.test("a program that is not there, or prints without end, is one line", async () => {
  await assert.rejects(run({ argv: ["yes"] }), /printed too much/);
  await assert.rejects(run({ argv: ["sh", "-c", "echo 1234"], limit: 4 }), OutputError);
  assert.equal((await run({ argv: ["sh", "-c", "echo 1234"], limit: 5 })).stdout, "1234\n");
  await assert.rejects(
    run({ argv: ["pgo-no-such-program"] }),
    (error: Error) => error instanceof ProcessError && !error.message.includes("\n"),
  );
});

Deno.test("a grandchild that keeps the pipe does not keep us", async () => {
  assert.equal(
    (await run({ argv: ["sh", "-c", "sleep 30 & echo hi"], deadline: 10_000 })).stdout,
    "hi\n",
  );
});

Deno.test("what pgod itself runs is ended by its deadline where pgod may not start kill", async () => {
  const module = new URL("../../lib/host/process.ts", import.meta.url);
  const script = `import { createRun } from "${module}";
const log = { debug() {}, info() {}, warn() {}, error() {} };
const run = createRun({ how: "runuser", log, path: "${Deno.env.get("PATH")}" });
await run({ argv: ["sleep", "4715"], deadline: 200 }).catch((error) => console.log(error.message));`;
  const { stdout, stderr } = await run({
    argv: ["deno", "run", "-q", "--no-prompt", "--allow-run=sleep", "--allow-read", "-"],
    env: { HOME: Deno.env.get("HOME") ?? "/" },
    stdin: script,
  });
  assert.deepEqual([stdout, stderr], ["sleep took longer than 0.2 s\n", ""]);
});

Deno.test("a question whose answer is looked at as it comes waits for its turn all the same", async () => {
  const { log, lines } = recordedLog("program.started");
  const asking = createRun({ how: "self", log, path: Deno.env.get("PATH"), grace: 500 });
  const over = new AbortController();
  const one = { argv: ["sleep", "9"] as const, stdout: () => {}, signal: over.signal };
  const all = Array.from({ length: 20 }, () => asking({ ...one, queued: true }).catch(() => {}));
  await sleep(1);
  assert.ok(lines.length > 0 && lines.length <= 4, `${lines.length} at once`);
  over.abort();
  await Promise.all(all);
});
