import assert from "node:assert/strict";
import { parseKeyLine } from "../../lib/ssh/access.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Status, STATUS_TEXT, StatusError } from "../../lib/ssh/status.ts";
import { makeFuzzKey, RawClient } from "../fuzz/raw_client.ts";
import { concat, MESSAGE, string, u32 } from "../fuzz/wire.ts";
import { outcome, withServer } from "./loopback.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** `x//exit N` ends with N, `x//fail N` with the status N, all else is printed. */
const handle: Handle = async ({ line, user, stdout, stderr }) => {
  if (line === undefined) {
    throw new StatusError(400, `No commands in connection for user ${JSON.stringify(user)}`);
  }
  const [target, number] = line.split(" ");
  if (target === "x//fail") throw new StatusError(Number(number) as Status, "no");
  if (target === "x//bug") throw new TypeError("secret-token");
  if (target === "x//exit") return Number(number);
  await stdout(bytes(`out ${line}\n`));
  await stderr(bytes(`err ${line}\n`));
  return 0;
};

Deno.test("every exit code from 0 to 255 comes back", () =>
  withServer({ handle }, async ({ remote }) => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    const got: number[] = [];
    for (let at = 0; at < codes.length; at += 16) {
      const some = codes.slice(at, at + 16);
      got.push(...await Promise.all(some.map((code) => remote(`x//exit ${code}`))));
    }
    assert.deepEqual(got, codes);
  }));

for (const [status, text] of Object.entries(STATUS_TEXT)) {
  Deno.test(`status ${status} comes back with its line; ssh shows it modulo 256`, () =>
    withServer({ handle }, async ({ ssh, remote }) => {
      let said = "";
      const stderr = (chunk: Uint8Array) => {
        said += new TextDecoder().decode(chunk);
        return Promise.resolve();
      };
      assert.equal(await remote(`x//fail ${status}`, { stderr }), Number(status));
      assert.equal(said, `${text}: no\n`);
      assert.deepEqual(await outcome(ssh([`x//fail ${status}`])), {
        code: Number(status) % 256,
        stdout: "",
        stderr: `${text}: no\n`,
      });
    }));
}

Deno.test("a bug is a 500 that tells the client nothing, and the log all", async () => {
  const logged: string[] = [];
  const error = (event: string, message: string, ...fields: unknown[]) =>
    void logged.push(`${event} ${message} ${(fields[0] as { service?: string }).service}`);
  const log = { debug() {}, info() {}, warn() {}, error };
  await withServer({ handle, log }, async ({ ssh }) => {
    const { code, stderr } = await outcome(ssh(["x//bug"]));
    assert.deepEqual([code, stderr], [
      500 % 256,
      "Internal Server Error: pgod failed, its log says why\n",
    ]);
  });
  assert.deepEqual(logged, ["ssh.failed Command failed: TypeError: secret-token x"]);
});

Deno.test("stdout and stderr stay apart", () =>
  withServer({ handle }, async ({ ssh }) => {
    assert.deepEqual(await outcome(ssh(["x//ps", "a", "'b c'"])), {
      code: 0,
      stdout: "out x//ps a 'b c'\n",
      stderr: "err x//ps a 'b c'\n",
    });
  }));

Deno.test("a shell without a command is a 400", () =>
  withServer({ handle }, async ({ ssh }) => {
    assert.deepEqual(await outcome(ssh([])), {
      code: 400 % 256,
      stdout: "",
      stderr: 'Bad Request: No commands in connection for user "miek"\n',
    });
  }));

const REFUSED: [what: string, options: string[], line: string[], says: RegExp][] = [
  ["a subsystem", ["-s"], ["sftp"], /subsystem request failed/],
  ["a tunnel", ["-W", "127.0.0.1:22"], [], /stdio forwarding failed/],
  [
    "a port of the server",
    ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"],
    [],
    /remote port forwarding failed/,
  ],
];
for (const [what, options, line, says] of REFUSED) {
  Deno.test(`${what} is refused`, () =>
    withServer({ handle }, async ({ ssh }) => {
      const { code, stdout, stderr } = await outcome(ssh(line, { options }));
      assert.deepEqual([code, stdout], [255, ""]);
      assert.match(stderr, says);
    }));
}

Deno.test("variables that a client sends are passed over", () =>
  withServer({ handle }, async ({ ssh }) => {
    const options = ["-o", "SetEnv=LD_PRELOAD=/tmp/x FOO=bar", "-o", "SendEnv=HOME"];
    assert.deepEqual(await outcome(ssh(["x//ps"], { options })), {
      code: 0,
      stdout: "out x//ps\n",
      stderr: "err x//ps\n",
    });
  }));

const ASKED: [type: string, payload: Uint8Array][] = [
  ["env", concat(string("LD_PRELOAD"), string("/tmp/x"))],
  ["x11-req", concat(0, string("MIT-MAGIC-COOKIE-1"), string("00"), u32(0))],
  ["auth-agent-req@openssh.com", new Uint8Array()],
  ["subsystem", string("sftp")],
  ["nonsense@example.org", new Uint8Array()],
];
Deno.test(`asked for ${ASKED.map(([type]) => type).join(", ")}, it refuses, and serves the command`, () => {
  const key = makeFuzzKey();
  const knows = (blob: string) => ({
    key: { ...parseKeyLine(`ssh-ed25519 ${blob}`), file: "a.pub", line: 1 },
  });
  return withServer({ handle, knows }, async ({ port }) => {
    const client = await RawClient.loggedIn(port, key);
    await client.send(
      concat(MESSAGE.channelOpen, string("session"), u32(0), u32(1 << 21), u32(32_768)),
    );
    await client.receiveAny(MESSAGE.channelOpenConfirmation);
    for (const [type, payload] of ASKED) {
      await client.send(concat(MESSAGE.channelRequest, u32(0), string(type), 1, payload));
      const answer = await client.receiveAny(MESSAGE.channelFailure, MESSAGE.channelSuccess);
      assert.equal(answer?.[0], MESSAGE.channelFailure, type);
    }
    await client.send(
      concat(MESSAGE.channelRequest, u32(0), string("exec"), 1, string("x//exit 0")),
    );
    assert.ok(await client.receiveAny(MESSAGE.channelSuccess));
    client.close();
  });
});

Deno.test("a key with no-pty gets no terminal, and its command all the same", () => {
  const key = makeFuzzKey();
  const knows = (blob: string) => ({
    key: { ...parseKeyLine(`no-pty ssh-ed25519 ${blob}`), file: "a.pub", line: 1 },
  });
  return withServer({ handle, knows }, async ({ port }) => {
    const client = await RawClient.loggedIn(port, key);
    await client.send(
      concat(MESSAGE.channelOpen, string("session"), u32(0), u32(1 << 21), u32(32_768)),
    );
    await client.receiveAny(MESSAGE.channelOpenConfirmation);
    const screen = concat(string("xterm"), u32(80), u32(24), u32(0), u32(0), string(""));
    for (
      const [type, payload, answer] of [
        ["pty-req", screen, MESSAGE.channelFailure],
        ["exec", string("x//exit 0"), MESSAGE.channelSuccess],
      ] as const
    ) {
      await client.send(concat(MESSAGE.channelRequest, u32(0), string(type), 1, payload));
      const [got] = await client.receiveAny(MESSAGE.channelFailure, MESSAGE.channelSuccess) ?? [];
      assert.equal(got, answer, type);
    }
    client.close();
  });
});

Deno.test("several commands over one connection, each with its own end", () =>
  withServer({ handle }, async ({ ssh, dir }) => {
    const shared = ["-o", `ControlPath=${dir}/mux`];
    const master = ssh(["x//wait"], { options: [...shared, "-M", "-N"] }).spawn();
    while (!await Deno.lstat(`${dir}/mux`).catch(() => undefined)) {
      await outcome(ssh(["x//ps"]));
    }
    const codes = [0, 7, 255];
    const ends = codes.map((code) => outcome(ssh([`x//exit ${code}`], { options: shared })));
    assert.deepEqual((await Promise.all(ends)).map(({ code }) => code), codes);
    master.kill();
    await Promise.all([master.output(), master.stdin.close()]);
  }));
