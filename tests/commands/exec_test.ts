import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { exec } from "../../lib/commands/exec.ts";
import { type Call, readWords } from "../../lib/commands/command.ts";
import type { Run } from "../../lib/host/process.ts";
import type { Service } from "../../lib/service/service.ts";
import type { SignalName } from "../../lib/ssh/signals.ts";
import { SessionTerminal } from "../../lib/ssh/terminal.ts";

const FOUND = [{
  Id: "c0ffee",
  Names: ["shop_web_1"],
  State: "running",
  Status: "Up",
  ExitCode: 0,
  Image: "x",
  Labels: { "com.docker.compose.service": "web" },
}];

/**
 * Runs `exec WORDS` on a host whose Podman knows one container; `during` is called while the program runs, and
 * signals are delivered when `delivery` resolves.
 */
async function call(
  words: string[],
  { terminal, during = () => {}, delivery = Promise.resolve() }: {
    terminal?: SessionTerminal;
    during?: (
      signal: (name: SignalName) => void,
      leave: () => void,
      started: string[][],
    ) => void | Promise<void>;
    delivery?: Promise<void>;
  } = {},
): Promise<string[][]> {
  const started: string[][] = [];
  const gone = new AbortController();
  let deliver: (name: SignalName) => void = () => {};
  const run: Run = async ({ argv, signal }) => {
    if (argv[1] === "ps") return { code: 0, stdout: JSON.stringify(FOUND), stderr: "" };
    started.push([...argv]);
    if (argv.some((word) => word.includes("podman exec") || word === "exec")) {
      await during(deliver, () => gone.abort(), started);
      signal?.throwIfAborted();
    } else {
      await delivery;
    }
    return { code: 7, stdout: "", stderr: "" };
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const user = { name: "miek", uid: 1, gid: 1, home: "/home/miek" };
  const service = { user, config: { name: "shop" }, host: { run, log } } as unknown as Service;
  const request: Call = {
    ...readWords(exec, words),
    service,
    actor: "SHA256:x",
    stdin: new Blob([]).stream(),
    stdout() {},
    stderr() {},
    signal: gone.signal,
    terminal,
    deploys() {},
    takeSignals: (take) => deliver = take,
  } as Call;
  const code = await exec.run(request).catch(() => -1);
  assert.equal(code, gone.signal.aborted ? -1 : 7);
  return started;
}

const marker = (argv: string[] = []) => /PGO_EXEC=([\w-]+)/.exec(argv.join(" "))?.[1] ?? "none";
/** What was started, with the marker of the exec as `MARK`. */
const readable = (started: string[][]) =>
  started.map((argv) => argv.join(" ").replaceAll(marker(started[0]), "MARK"));

Deno.test("exec without a terminal: stdin, words that cannot become options, and a mark", async () => {
  const started = await call(["-u", "root", "-e", "A=b c", "web", "ls", "--all"]);
  assert.deepEqual(readable(started), [
    "podman exec -i --env=A=b c --env=PGO_EXEC=MARK --user=root -- c0ffee ls --all",
  ]);
});

Deno.test("exec in a terminal: its name and size; the client's own TERM wins over it", async () => {
  const terminal = new SessionTerminal({ term: "xterm", rows: 24, cols: 80 });
  const started = await call(["-e", "TERM=vt100", "web", "echo", "a'b; id"], { terminal });
  assert.deepEqual(started.map((argv) => [argv[0], argv[1], argv.at(-1)]), [[
    "script",
    "-qfec",
    "/dev/null",
  ]]);
  assert.equal(
    readable(started)[0]?.split(" && ").slice(1).join("; "),
    "stty raw -echo opost rows 24 cols 80; " +
      "exec podman exec -it --env=TERM=xterm --env=TERM=vt100 --env=PGO_EXEC=MARK -- c0ffee " +
      `echo 'a'"'"'b; id' /dev/null`,
  );
});

Deno.test("a signal goes to what carries the mark, and the exec goes on", async () => {
  const started = await call(["web", "sleep"], { during: (signal) => signal("USR1") });
  assert.match(readable(started)[1] ?? "", /^podman unshare sh -c .* sh MARK USR1$/);
  assert.equal(started.length, 2);
});

Deno.test("of signals that come in a flood one is delivered at a time, and each name waits once", async () => {
  const { promise: delivery, resolve: deliverThem } = Promise.withResolvers<void>();
  const started = await call(["web", "sleep"], {
    delivery,
    async during(signal, _, started) {
      for (let at = 0; at < 600; at++) signal(at % 2 ? "USR1" : "TERM");
      assert.equal(started.length, 2);
      deliverThem();
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  const names = started.slice(1).map((argv) => argv.at(-1));
  assert.deepEqual(names, ["TERM", "USR1", "TERM"]);
});

Deno.test("signals that wait when the program has ended are dropped", async () => {
  const { promise: delivery, resolve: deliverThem } = Promise.withResolvers<void>();
  const started = await call(["web", "sleep"], {
    delivery,
    during(signal) {
      for (const name of ["TERM", "USR1", "USR2"] as const) signal(name);
    },
  });
  deliverThem();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(started.slice(1).map((argv) => argv.at(-1)), ["TERM"]);
});

for (
  const [what, first, terminal] of [
    ["without a terminal", "TERM", undefined],
    ["in a terminal", "HUP", new SessionTerminal({ term: "xterm", rows: 24, cols: 80 })],
  ] as const
) {
  Deno.test(`a client that goes ${what} ends its program: ${first}, then KILL`, async () => {
    const started = await call(["web", "sleep"], { terminal, during: (_, leave) => leave() });
    const ends = readable(started).slice(1).map((line) => line.split(" ").slice(-2).join(" "));
    assert.deepEqual(ends, [`MARK ${first}`, "MARK KILL"]);
  });
}
