import assert from "node:assert/strict";
import { createAuthority } from "../../lib/commands/authority.ts";
import { createHandler } from "../../lib/commands/dispatch.ts";
import { COMMANDS } from "../../lib/commands/table.ts";
import { SSH_LIMITS } from "../../lib/config/ssh.ts";
import { behalf } from "../../lib/host/behalf.ts";
import type { Run } from "../../lib/host/process.ts";
import type { Log } from "../../lib/log.ts";
import { createService, type Service } from "../../lib/service/service.ts";
import { type AuthorizedKey, type Role, suffices } from "../../lib/ssh/access.ts";
import { parseFrom } from "../../lib/ssh/from.ts";
import { NO_OPTIONS, ROLES } from "../../lib/ssh/key_options.ts";
import type { ExecRequest } from "../../lib/ssh/session.ts";
import { ClientEnd } from "../../lib/ssh/signals.ts";
import { StatusError } from "../../lib/ssh/status.ts";
import { SessionTerminal } from "../../lib/ssh/terminal.ts";
import { recordedLog } from "../recorded_log.ts";
import { setup } from "../service/podman_in_memory.ts";

const key = (more: Partial<AuthorizedKey> = {}): AuthorizedKey => ({
  type: "ssh-ed25519",
  blob: "AAAA",
  fingerprint: "SHA256:x",
  comment: "miek",
  file: "ssh/miek.pub",
  line: 1,
  ...NO_OPTIONS,
  ...more,
});

/** A service whose commands come no further than to it. */
function unreachable(keys: AuthorizedKey[]): Service {
  const reached = new Error("reached");
  return {
    keys,
    user: { name: "shop" },
    get host(): never {
      throw reached;
    },
    get config(): never {
      throw reached;
    },
    get git(): never {
      throw reached;
    },
  } as unknown as Service;
}

/** That `line` is asked by somebody whose output nobody reads. */
const request = (line: string): ExecRequest => ({
  key: key(),
  user: "miek",
  address: "10.0.0.1",
  remote: "10.0.0.1:1",
  line,
  stdin: new ReadableStream(),
  stdout: () => Promise.resolve(),
  stderr: () => Promise.resolve(),
  traffic: { received: 0, sent: 0 },
  signal: new AbortController().signal,
  terminal: undefined,
  takeSignals: () => {},
});

/** What becomes of `line`, on a host with the service "shop" that has these keys; its commands are not run. */
async function ask(
  line: string,
  {
    keys = [],
    admins = [],
    address = "10.0.0.1",
    terminal,
    log = recordedLog().log,
    signal = new AbortController().signal,
    service = unreachable(keys),
  }: {
    keys?: AuthorizedKey[];
    admins?: AuthorizedKey[];
    address?: string;
    terminal?: SessionTerminal;
    log?: Log;
    signal?: AbortSignal;
    service?: Service;
  },
): Promise<{ status: number; text: string }> {
  const fleet = {
    find: (name: string) => name === "shop" ? service : undefined,
    services: () => [service],
  };
  let text = "";
  const stdout = (chunk: Uint8Array) => {
    text += new TextDecoder().decode(chunk);
    return Promise.resolve();
  };
  try {
    const handle = createHandler(fleet, createAuthority(() => admins), log);
    const status = await handle({ ...request(line), address, stdout, signal, terminal });
    return { status, text };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // Its command asked for the service: the gate is behind it.
    return error.message === "reached"
      ? { status: 0, text: "reached" }
      : { status: error.status, text: error.line };
  }
}

const ARGS: Record<string, string> = { exec: "web sh" };
const line = (name: string) => `shop//${name} ${ARGS[name] ?? ""}`;

for (const role of ROLES) {
  for (const { name, role: needs } of COMMANDS) {
    const may = suffices(role, needs);
    Deno.test(`a key of role ${role} ${may ? "may" : "may not"} ${name}`, async () => {
      const { status, text } = await ask(line(name), { keys: [key({ role })] });
      assert.equal(status, may ? 0 : 401);
      if (!may) {
        assert.equal(
          text,
          `Unauthorized: Key SHA256:x has the role "${role}" for shop, but ${name} needs ` +
            `"${needs}": pgo-role="${needs}" before the key in ssh/miek.pub gives it`,
        );
      }
    });
  }
}

Deno.test("what each role is for", () => {
  const of = (wanted: Role) =>
    COMMANDS.filter(({ role }) => role === wanted).map(({ name }) => name);
  assert.deepEqual(of("exec"), ["exec"]);
  for (const name of ["ping", "status", "ps", "logs", "history"]) {
    assert.ok(of("read").includes(name), name);
  }
  for (const name of ["up", "down", "sync", "rollback"]) {
    assert.ok(of("operate").includes(name), name);
  }
});

const STRANGER = 'Unauthorized: Key for user "miek" does not match any for name ';
const STRANGERS: [what: string, keys: AuthorizedKey[]][] = [
  ["no key of the service", []],
  ["another key", [key({ blob: "BBBB" })]],
  ["an expired key", [key({ expires: 1 })]],
  ["a key from elsewhere", [key({ from: [parseFrom("192.168.0.0/16")] })]],
];
for (const [what, keys] of STRANGERS) {
  Deno.test(`${what} gets the same answer for a service that is there and one that is not`, async () => {
    for (const command of ["ping", "exec web sh", "nonsense"]) {
      for (const name of ["shop", "none"]) {
        assert.deepEqual(await ask(`${name}//${command}`, { keys }), {
          status: 401,
          text: `${STRANGER}${name}`,
        });
      }
    }
  });
}

Deno.test("an admin may operate every service, and learns that one is not there", async () => {
  const admins = [key({ file: "/etc/pgo/admin_keys" })];
  assert.deepEqual(await ask("shop//up", { admins }), { status: 0, text: "reached" });
  assert.deepEqual(await ask("none//up", { admins }), {
    status: 404,
    text: 'Not Found: No service found with name "none"',
  });
  const { status, text } = await ask("shop//exec web sh", { admins });
  assert.equal(status, 401);
  assert.match(text, /before the key in \/etc\/pgo\/admin_keys gives it/);
});

Deno.test("an admin's key that does not count now makes no admin", async () => {
  const admins = [key({ from: [parseFrom("192.168.0.0/16")] })];
  assert.equal((await ask("shop//up", { admins })).status, 401);
  assert.equal((await ask("none//up", { admins })).status, 401);
  assert.equal((await ask("none//up", { admins, address: "192.168.1.1" })).status, 404);
});

Deno.test("of an admin's line and the service's own the one with more rights counts", async () => {
  const exec = key({ role: "exec" });
  const read = key({ role: "read" });
  for (const [admins, keys] of [[[exec], [read]], [[read], [exec]]]) {
    assert.equal((await ask("shop//exec web sh", { admins, keys })).status, 0);
  }
});

const ASKER = { blob: "AAAA", address: "10.0.0.1", now: 0 };

Deno.test("a line of another service lets a key ask for a terminal, and its own service's line decides", async () => {
  const own = [key({ role: "exec", pty: false })];
  const other = [key({ role: "exec" })];
  const authority = createAuthority(() => []);
  const pty = (...services: AuthorizedKey[][]) =>
    authority.anywhere(services.map((keys) => ({ keys })), ASKER).key?.pty;
  assert.deepEqual([pty(own, other), pty(other, own), pty(own)], [true, true, false]);

  const terminal = new SessionTerminal({ term: "xterm", rows: 24, cols: 80 });
  assert.deepEqual(await ask("shop//exec web sh", { keys: own, terminal }), {
    status: 401,
    text: "Unauthorized: Key SHA256:x gets no terminal for shop, says ssh/miek.pub: ask without -t",
  });
  for (const given of [{ keys: own }, { keys: other, terminal }]) {
    assert.equal((await ask("shop//exec web sh", given)).status, 0);
  }
  assert.equal((await ask("shop//ps", { keys: own, terminal })).status, 0);
});

Deno.test("no service gives somebody's key a comment in the log of another", async () => {
  const forged = [key({ comment: "root" })];
  const authority = createAuthority(() => []);
  const comment = (...services: AuthorizedKey[][]) =>
    authority.anywhere(services.map((keys) => ({ keys })), ASKER).key?.comment;
  assert.equal(comment(forged, [key()]), "");
  assert.equal(comment([key()], [key()]), "miek");
  const late = { expires: -1 };
  assert.equal(comment([key({ ...late, comment: "root" })], [key(late)]), "");

  const { log, lines } = recordedLog("ssh.command");
  await ask("shop//ps", { keys: [key({ comment: "jan" })], log });
  assert.equal(lines[0]?.fields["comment"], "jan");
});

Deno.test("who has left, or sent a signal, ended his command; what was refused before stays refused", async () => {
  const { log, lines } = recordedLog("ssh.command");
  const keys = [key({ role: "read" })];
  for (const reason of [new ClientEnd(undefined), new ClientEnd("TERM")]) {
    const signal = AbortSignal.abort(reason);
    await assert.rejects(ask("shop//logs", { keys, log, signal }), reason);
    assert.equal((await ask("shop//up", { keys, log, signal })).status, 401);
  }
  const seen = lines.map(({ fields: { status, gone, error } }) => [status, gone, error]);
  assert.deepEqual(seen, [
    [129, true, "the client left: reached"],
    [401, true, undefined],
    [143, undefined, "the client sent SIGTERM: reached"],
    [401, undefined, undefined],
  ]);
});

Deno.test("programs of a command are its service's user's; those of one that only looks end with its client", async () => {
  const { service: { host, config, user }, deployRevision } = await setup();
  await deployRevision("one");
  let asked: ReturnType<typeof behalf>[] = [];
  const run: Run = (command) => {
    asked.push(behalf());
    return host.run(command);
  };
  for (const { name, role } of COMMANDS) {
    if (["ping", "history", "freeze", "unfreeze", "rollback"].includes(name)) continue;
    asked = [];
    const service = createService({ ...host, run }, config, user, []);
    service.keys = [key({ role: "exec" })];
    const { signal } = new AbortController();
    // Some find no remote to ask.
    await ask(line(name), { service, signal }).catch(() => {});
    assert.ok(asked.length > 0, name);
    for (const one of asked) {
      assert.equal(one.user, "miek", name);
      assert.equal(one.signal, role === "read" ? signal : undefined, name);
    }
  }
  host.ledger.close();
});

Deno.test("a key runs so many commands at once at a service: one more is refused until one has ended", async () => {
  const { log, lines } = recordedLog("ssh.command");
  const keys = ["AAAA", "BBBB"].map((blob) => key({ blob, fingerprint: `SHA256:${blob}` }));
  const run: Run = async ({ stdout }) => {
    await stdout?.(new Uint8Array());
    return { code: 0, stdout: "", stderr: "" };
  };
  const named = (name: string) =>
    ({ keys, user: { name }, config: { name }, host: { run } }) as unknown as Service;
  const fleet = { find: named, services: () => [] };
  const limits = { ...SSH_LIMITS, commands: 2 };
  const handle = createHandler(fleet, createAuthority(() => []), log, () => limits);
  const ask = (line: string, more: Partial<ExecRequest> = {}) =>
    handle({ ...request(line), ...keys[0] && { key: keys[0] }, ...more });
  for (const [line, where] of [["shop//ps", "shop"], ["//status", "this host"]] as const) {
    const read = Promise.withResolvers<void>();
    const stdout = () => read.promise;
    const two = [ask(line, { stdout }), ask(line, { stdout })];
    const said =
      `Key SHA256:AAAA runs 2 commands at ${where} already, as many as it may ([ssh] commands in pgod's config): try again when one has ended`;
    await assert.rejects(ask(line), new StatusError(500, said));
    assert.equal(lines.at(-1)?.fields["error"], said);
    // Another key, and the same key at another service, are not held up by it, and all may ping.
    assert.equal(await ask(line, keys[1] && { key: keys[1] }), 0);
    assert.equal(await ask("wiki//ps"), 0);
    assert.equal(await ask("shop//ping"), 0);
    read.resolve();
    assert.deepEqual(await Promise.all(two), [0, 0]);
    assert.equal(await ask(line), 0);
  }
});

Deno.test("the host is asked with an empty name; it has no other command than status", async () => {
  assert.equal(
    (await ask("//status", {})).text.split("\n")[0],
    "SERVICE  USER  ROLE  RUNNING  DEPLOYED  STATE",
  );
  assert.equal((await ask("//up", {})).status, 406);
  assert.equal((await ask("//status --nonsense", {})).status, 400);
});

Deno.test("docs/ssh.md names every command beside its role", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/ssh.md", import.meta.url));
  for (const role of ROLES) {
    const row = text.split("\n").find((line) => line.startsWith(`| \`pgo-role="${role}"\``)) ?? "";
    const named = [...(row.split("|")[2] ?? "").matchAll(/`([a-z]+)`/g)].map(([, name]) => name);
    const has = COMMANDS.filter((command) => command.role === role).map(({ name }) => name);
    assert.deepEqual(named.sort(), has.sort(), role);
  }
});
