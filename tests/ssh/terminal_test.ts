/**
 * Terminals and signals over the wire, with programs in real terminals of this host.
 * @module
 */
import assert from "node:assert/strict";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import { sleep, within } from "../../lib/host/clock.ts";
import { createRun } from "../../lib/host/process.ts";
import { runInTerminal } from "../../lib/host/terminal.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { isSignal } from "../../lib/ssh/signals.ts";
import { StatusError } from "../../lib/ssh/status.ts";
import { withServer } from "./loopback.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const run = createRun({ how: "self", log: SILENT, grace: 500 });

/** Runs the exec line in a shell: in the client's terminal, if there is one. */
const shell: Handle = async (request) => {
  const { line = "", stdin, stdout, stderr, signal, terminal } = request;
  const argv = ["sh", "-c", line] as const;
  if (!terminal) return (await run({ argv, stdin, stdout, stderr, signal, deadline: 0 })).code;
  const env = ["env", `TERM=${terminal.term}`, ...argv] as const;
  return await runInTerminal(run, { argv: env, stdin, stdout, signal }, terminal);
};

/** A session of ssh2's client: what it has been sent, and a way to type. */
interface Session {
  channel: ssh2.ClientChannel;
  /** All output so far, both streams. */
  seen(): string;
  /** Resolves when `text` has come. */
  wait(text: string | RegExp): Promise<void>;
  /** The exit code. */
  ended: Promise<number | string | undefined>;
}

/** Runs `line` beside a server with `handle`; `pty` asks for a terminal first. */
async function withSession(
  handle: Handle,
  line: string,
  pty: ssh2.PseudoTtyOptions | false,
  body: (session: Session) => Promise<void>,
): Promise<void> {
  await withServer({ handle }, async ({ port, dir }) => {
    const client = new ssh2.Client();
    const privateKey = await Deno.readTextFile(`${dir}/good`);
    await new Promise<void>((resolve, reject) => {
      client.on("ready", resolve).on("error", reject);
      client.connect({ host: "127.0.0.1", port, username: "miek", privateKey });
    });
    let text = "";
    let status: number | string | undefined;
    const closed = Promise.withResolvers<typeof status>();
    const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
      client.exec(line, pty ? { pty } : {}, (error, channel) => {
        if (error) return reject(error);
        for (const stream of [channel, channel.stderr]) {
          stream.on("data", (chunk: Uint8Array) => text += new TextDecoder().decode(chunk));
        }
        channel.on("exit", (code: number | null, name?: string) => status = code ?? name);
        channel.on("close", () => closed.resolve(status));
        resolve(channel);
      })
    );
    const wait = async (wanted: string | RegExp) => {
      for (let tries = 0; !text.match(wanted); tries++) {
        assert.ok(tries < 500, `${wanted} did not come, but ${JSON.stringify(text)}`);
        await sleep(20);
      }
    };
    try {
      await body({ channel, seen: () => text, wait, ended: closed.promise });
    } finally {
      client.end();
    }
  });
}

const SCREEN = { term: "xterm-256color", rows: 31, cols: 97, width: 0, height: 0 };

Deno.test("a terminal: its name, its size, each new size, and the exit code", () =>
  withSession(
    shell,
    'tty; echo $TERM; trap "stty size" WINCH; stty size; while ! read x; do :; done; exit 7',
    SCREEN,
    async ({ channel, wait, seen, ended }) => {
      await wait("31 97");
      channel.setWindow(50, 120, 0, 0);
      await wait("50 120");
      for (let rows = 51; rows <= 70; rows++) channel.setWindow(rows, 132, 0, 0);
      await wait("70 132");
      channel.write("end\n");
      assert.equal(await ended, 7);
      assert.match(seen(), /^\/dev\/pts\/\d+\r?\nxterm-256color\r?\n31 97\r?\n/);
    },
  ));

Deno.test("a terminal: keys arrive, Ctrl-C interrupts, Ctrl-D ends input", () =>
  withSession(
    shell,
    'stty sane; trap "echo caught" INT; echo ready; cat; trap - INT; echo then; sleep 1000',
    SCREEN,
    async ({ channel, wait, seen, ended }) => {
      await wait("ready");
      channel.write("héllo\n");
      await wait("héllo\r\nhéllo\r\n");
      channel.write("\x03");
      await wait("then");
      channel.write("\x03");
      assert.equal(await ended, 130);
      assert.match(seen(), /\^Ccaught\r\nthen\r\n/);
    },
  ));

Deno.test("a terminal: what is typed before the program is there is not lost, and not shown twice", () =>
  withSession(shell, "head -c 6", SCREEN, async ({ channel, ended, seen }) => {
    channel.write("early\n");
    assert.equal(await ended, 0);
    assert.match(seen(), /^early\r\n$/);
  }));

Deno.test("a terminal of no size and a hostile TERM do no harm", () =>
  withSession(
    shell,
    "echo $TERM; stty size",
    { term: "$(id);x\n", rows: 0, cols: 0, width: 0, height: 0 },
    async ({ seen, ended }) => {
      assert.equal(await ended, 0);
      assert.match(seen(), /^dumb\r?\n0 0\r?\n$/);
    },
  ));

Deno.test("a terminal: output of 8 MB arrives whole and in order", () =>
  withSession(
    shell,
    "stty raw; seq 1 1200000; exit 3",
    SCREEN,
    async ({ seen, ended }) => {
      assert.equal(await ended, 3);
      assert.equal(seen().length, 8_488_896);
      assert.ok(seen().endsWith("\n1199999\n1200000\n"));
    },
  ));

Deno.test("a terminal: when its client goes, everything in it ends", async () => {
  const ended = Promise.withResolvers<string>();
  const handle: Handle = async (request) => {
    try {
      return await shell(request);
    } catch (error) {
      ended.resolve(String(error));
      throw error;
    }
  };
  await withSession(handle, "trap '' TERM; echo pid $$; sleep 1000", SCREEN, async (session) => {
    await session.wait(/pid \d+\r?\n/);
    const [, pid = ""] = /pid (\d+)/.exec(session.seen()) ?? [];
    session.channel.close();
    assert.match(await ended.promise, /was ended/);
    for (let tries = 0; (await run({ argv: ["ps", "-p", pid] })).code === 0; tries++) {
      assert.ok(tries < 100, "the program outlives its terminal");
      await sleep(50);
    }
  });
});

Deno.test("without a terminal bytes are clean", () =>
  withSession(shell, "echo out; tty; echo err >&2", false, async ({ seen, ended }) => {
    assert.equal(await ended, 0);
    assert.deepEqual(seen().split("\n").sort(), ["", "err", "not a tty", "out"]);
  }));

/** Prints forever and reads nothing, as `logs -f`. */
const follow: Handle = async ({ stdout, signal }) => {
  while (!signal.aborted) {
    await stdout(new TextEncoder().encode("tick\n"));
    await sleep(50, signal);
  }
  throw new Error("was ended");
};

Deno.test("a terminal for a command that has no use for one: lines end in CR LF, Ctrl-C ends it with 130", () =>
  withSession(follow, "x//logs -f", SCREEN, async ({ channel, wait, seen, ended }) => {
    await wait(/tick\r\ntick\r\n/);
    channel.write("q\x03");
    assert.equal(await ended, 130);
    assert.match(seen(), /^(tick\r\n)+$/);
  }));

const refuse: Handle = () => {
  throw new StatusError(406, "Command");
};
Deno.test("a refusal in a terminal is a line of its own", () =>
  withSession(refuse, "x//nope", SCREEN, async ({ seen, ended }) => {
    assert.equal(await ended, 406);
    assert.equal(seen(), "Not Acceptable: Command\r\n");
  }));

for (const [name, code] of [["INT", 130], ["TERM", 143], ["HUP", 129], ["KILL", 137]] as const) {
  Deno.test(`the signal ${name} ends a command that does not mind it, with ${code}`, () =>
    withSession(follow, "x//logs -f", false, async ({ channel, wait, ended }) => {
      await wait("tick");
      channel.signal(name);
      assert.equal(await ended, code);
    }));
}

/** Sends a signal as other clients do, who need not keep stdin open for it. */
function send(channel: ssh2.ClientChannel, name: string): void {
  const { _client, outgoing } = channel as unknown as {
    _client: { _protocol: { signal(id: number, name: string): void } };
    outgoing: { id: number };
  };
  _client._protocol.signal(outgoing.id, name);
}

Deno.test("signals reach a command that takes them, by their names, also after the end of stdin", async () => {
  const got: string[] = [];
  const handle: Handle = async ({ takeSignals, stdout, stdin, signal }) => {
    const enough = Promise.withResolvers<void>();
    takeSignals((name) => got.push(name) === 3 && enough.resolve());
    await stdout(new TextEncoder().encode("ready"));
    for await (const _ of stdin);
    await stdout(new TextEncoder().encode("end of stdin"));
    await enough.promise;
    return signal.aborted ? 1 : 5;
  };
  await withSession(handle, "x//exec", false, async ({ channel, wait, ended }) => {
    await wait("ready");
    channel.signal("USR1");
    channel.signal("INT");
    channel.eof();
    await wait("end of stdin");
    send(channel, "TERM");
    assert.equal(await within(5000, ended), 5);
  });
  assert.deepEqual(got, ["USR1", "INT", "TERM"]);
});

Deno.test("a signal is one of RFC 4254's names, and nothing else", () => {
  for (const name of ["INT", "KILL", "USR2"]) assert.ok(isSignal(name), name);
  for (const name of ["", "SIGINT", "int", "9", "STOP", "0", "INT; id", "toString", "__proto__"]) {
    assert.ok(!isSignal(name), name);
  }
});
