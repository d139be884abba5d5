import assert from "node:assert/strict";
import { createAuthority } from "../../lib/commands/authority.ts";
import { SSH_LIMITS } from "../../lib/config/ssh.ts";
import { createHandler } from "../../lib/commands/dispatch.ts";
import { sleep, within } from "../../lib/host/clock.ts";
import { openLog } from "../../lib/log.ts";
import type { Service } from "../../lib/service/service.ts";
import { type AuthorizedKey, parseKeyFile } from "../../lib/ssh/access.ts";
import { remoteName } from "../../lib/ssh/from.ts";
import { authRequest, makeFuzzKey, RawClient } from "../fuzz/raw_client.ts";
import { concat, MESSAGE, string } from "../fuzz/wire.ts";
import { type Recorded, recordedLog } from "../recorded_log.ts";
import { type Loopback, makeKey, outcome, withServer } from "./loopback.ts";

/** Options before the keys that tests use, by file: who may do what with the service "shop". */
const OPTIONS: Record<string, string> = {
  good: "",
  reader: 'pgo-role="read" ',
  away: 'from="192.0.2.0/24" ',
  late: 'expiry-time="20200101Z" ',
};

/** Runs `body` beside pgod's server and gate, with a log that is kept; the lines are all there at the end. */
async function audited(body: (loopback: Loopback) => Promise<void>): Promise<Recorded[]> {
  const { log, lines } = recordedLog("ssh.login", "ssh.refused", "ssh.command");
  const keys: AuthorizedKey[] = [];
  const fleet = servicesWith(keys);
  const authority = createAuthority(() => []);
  await withServer({
    log,
    limits: { line: 2000 },
    knows: (blob, address) =>
      authority.anywhere(fleet.services(), { blob, address, now: Date.now() }),
    handle: createHandler(fleet, authority, log, () => ({ ...SSH_LIMITS, line: 2000 })),
  }, async (loopback) => {
    for (const [name, options] of Object.entries(OPTIONS)) {
      const path = `${loopback.dir}/${name}`;
      if (name !== "good") await makeKey(path, "-t", "ed25519", "-C", name);
      const text = await Deno.readTextFile(`${path}.pub`);
      keys.push(...parseKeyFile(`ssh/${name}.pub`, options + text).keys);
    }
    await body(loopback);
  });
  return lines;
}

/** The service "shop", which knows its keys and answers pings; whatever else it is asked fails. */
function servicesWith(keys: AuthorizedKey[]) {
  const service = { keys, user: { name: "shop" } } as unknown as Service;
  return {
    find: (name: string) => name === "shop" ? service : undefined,
    services: () => [service],
  };
}

const LOGIN = { event: "ssh.login", login: "miek" };
const COMMAND = { event: "ssh.command", login: "miek" };
const REFUSED = { event: "ssh.refused", login: "miek" };

/** What one client does, and the lines that are to come of it, no more and no less. */
const CASES: [
  what: string,
  act: (loopback: Loopback) => Promise<unknown>,
  lines: Record<string, unknown>[],
][] = [
  [
    "a command that is carried out",
    ({ ssh }) => outcome(ssh(["shop//ping"])),
    [LOGIN, { ...COMMAND, service: "shop", command: "ping", role: "operate", status: 0 }],
  ],
  ["an unknown key", ({ ssh }) => outcome(ssh(["shop//ping"], { keys: ["wrong"] })), [
    { ...REFUSED, reason: "unknown key", comment: undefined },
  ]],
  [
    "the second of two keys",
    ({ ssh }) => outcome(ssh(["shop//ping"], { keys: ["wrong", "good"] })),
    [{ ...REFUSED, reason: "unknown key" }, LOGIN, { ...COMMAND, status: 0 }],
  ],
  ["an expired key", ({ ssh }) => outcome(ssh(["shop//ping"], { keys: ["late"] })), [
    { ...REFUSED, reason: "expired 2020-01-01T00:00:00.000Z", comment: "late" },
  ]],
  ["a key from elsewhere", ({ ssh }) => outcome(ssh(["shop//ping"], { keys: ["away"] })), [
    { ...REFUSED, reason: "not from this address", comment: "away" },
  ]],
  ["a role that is too low", ({ ssh }) => outcome(ssh(["shop//up"], { keys: ["reader"] })), [
    { ...LOGIN, comment: "reader" },
    {
      ...COMMAND,
      comment: "reader",
      service: "shop",
      command: "up",
      role: "read",
      status: 401,
    },
  ]],
  ["a service that is not his", ({ ssh }) => outcome(ssh(["wiki//ping"])), [
    LOGIN,
    { ...COMMAND, service: "wiki", command: "ping", role: undefined, status: 401 },
  ]],
  ["a command that is none", ({ ssh }) => outcome(ssh(["shop//sing"])), [
    LOGIN,
    { ...COMMAND, service: "shop", command: "sing", status: 406 },
  ]],
  ["a wrong option", ({ ssh }) => outcome(ssh(["shop//ping --x"])), [
    LOGIN,
    { ...COMMAND, service: "shop", command: "ping", status: 400 },
  ]],
  ["no command", ({ ssh }) => outcome(ssh([])), [
    LOGIN,
    { ...COMMAND, service: undefined, command: undefined, status: 400 },
  ]],
  ["a line that is too long", ({ ssh }) => outcome(ssh([`shop//ping ${"x".repeat(3000)}`])), [
    LOGIN,
    { ...COMMAND, command: undefined, status: 400 },
  ]],
  ["a command that fails", ({ ssh }) => outcome(ssh(["shop//ps"])), [
    LOGIN,
    { ...COMMAND, command: "ps", status: 500 },
  ]],
  [
    "a password",
    async ({ port }) => {
      const client = await RawClient.keyed(port);
      const head = [MESSAGE.authRequest, string("miek"), string("ssh-connection")];
      await client.send(concat(...head, string("password"), 0, string("hunter2")));
      await client.receiveAny(MESSAGE.authFailure);
      await client.finish();
    },
    [{ ...REFUSED, reason: "method password", key: undefined }],
  ],
  [
    "somebody else's public key",
    async ({ port, dir }) => {
      const text = await Deno.readTextFile(`${dir}/good.pub`);
      const blob = Uint8Array.from(atob(text.split(" ")[1] ?? ""), (c) => c.charCodeAt(0));
      const client = await RawClient.keyed(port);
      await client.send(client.signed(authRequest("ssh-ed25519", blob, "miek"), makeFuzzKey()));
      await client.receiveAny(MESSAGE.authFailure);
      await client.finish();
    },
    [{ ...REFUSED, reason: "wrong signature" }],
  ],
];
for (const [what, act, expected] of CASES) {
  Deno.test(`${what}: exactly ${expected.length} line${expected.length > 1 ? "s" : ""}`, async () => {
    const lines = await audited(async (loopback) => void await act(loopback));
    const seen = lines.map((
      { event, fields },
    ) => ({ event, ...fields } as Record<string, unknown>));
    assert.deepEqual(
      seen.map((line, at) =>
        Object.fromEntries(Object.keys(expected[at] ?? {}).map((key) => [key, line[key]]))
      ),
      expected,
    );
    for (const { remote, key, event, ms } of seen) {
      assert.match(String(remote), /^127\.0\.0\.1:\d+$/);
      if (what !== "a password") assert.match(String(key), /^SHA256:/);
      if (event === "ssh.command") assert.equal(typeof ms, "number");
    }
    assert.doesNotMatch(JSON.stringify(lines), /hunter2/);
  });
}

Deno.test("addresses are written as people know them, however the socket names them", () => {
  assert.equal(remoteName("::ffff:10.0.0.1", 22), "10.0.0.1:22");
  assert.equal(remoteName("10.0.0.1", 22), "10.0.0.1:22");
  assert.equal(remoteName("2001:DB8::1", 22), "[2001:db8::1]:22");
});

Deno.test("bytes in both directions, and a client that leaves, are in the line", async () => {
  const { log, lines } = recordedLog("ssh.command");
  const gone = Promise.withResolvers<void>();
  const service = { keys: [] } as unknown as Service;
  const authority = createAuthority(() => []);
  const handle = createHandler({ find: () => service, services: () => [service] }, authority, log);
  await withServer({
    log,
    async handle(request) {
      if (request.line === "wait") {
        request.signal.addEventListener("abort", () => gone.resolve());
        await gone.promise;
      } else {
        for await (const chunk of request.stdin) await request.stdout(chunk);
        await request.stderr(new Uint8Array(7));
      }
      return await handle(request);
    },
  }, async ({ ssh }) => {
    await outcome(ssh(["shop//echo"]), "x".repeat(1000));
    const child = ssh(["wait"]).spawn();
    const ended = within(5000, gone.promise.then(() => true));
    await sleep(300);
    child.kill("SIGKILL");
    assert.equal(await ended, true);
    await Promise.all([child.output(), child.stdin.close()]);
  });
  assert.deepEqual(lines.map(({ fields: { received, sent, gone } }) => [received, sent, gone]), [
    [1000, 1007, undefined],
    [0, 0, true],
  ]);
});

Deno.test("what strangers call themselves forges no line", async () => {
  let text = "";
  const log = openLog({ debug: true, format: "human", write: (line) => text += line });
  const evil = "x\n2026/01/01 00:00:00 [INFO ] Login accepted key=SHA256:good\u2028\x1b[2J\u202ex";
  await withServer({ log, handle: () => Promise.resolve(0) }, async ({ port }) => {
    const client = await RawClient.keyed(port);
    const key = makeFuzzKey();
    await client.send(client.signed(authRequest("ssh-ed25519", key.blob, evil), key));
    await client.receiveAny(MESSAGE.authFailure);
    await client.finish();
  });
  const lines = text.split("\n").filter((line) => line.includes("Login"));
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO \] Login refused: unknown key/,
  );
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
});
