/**
 * The wire as PGO's ancestor speaks it, recorded by hand: what its client sends and reads, what its daemon
 * answers. Either of them works with the other's successor.
 *
 * - Client: Go's SSH library (`SSH-2.0-Go`), a public key, one session, the exec line
 *   `NAME//COMMAND ARGUMENTS` joined by spaces (so that one without arguments ends in a space), no stdin. It
 *   prints stdout, never sees stderr, and shows an exit status other than 0 as a number.
 * - Daemon: takes any public key and decides by it afterwards; output of all kinds and the texts of statuses go
 *   to stdout, a status is the exit status: 400, 401, 404, 406, 500, or 0.
 * @module
 */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import { createAuthority } from "../../lib/commands/authority.ts";
import { createHandler } from "../../lib/commands/dispatch.ts";
import type { Service } from "../../lib/service/service.ts";
import { parseKeyFile } from "../../lib/ssh/access.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Loopback, makeKey, outcome, withServer } from "./loopback.ts";

/** What the ancestor's client shows. */
interface Shown {
  stdout: string;
  status: number | undefined;
}

/** Does as the ancestor's client does, as user `miek`, with the key `DIR/KEY`. */
async function ancestorClient(
  { port, dir }: Loopback,
  command: string,
  args: string[] = [],
  { key = "good", ident = "Go" } = {},
): Promise<Shown> {
  const privateKey = await Deno.readTextFile(`${dir}/${key}`);
  const client = new ssh2.Client();
  const shown = await new Promise<Shown>((resolve, reject) => {
    client.on("error", reject);
    client.on("ready", () =>
      client.exec(`${command} ${args.join(" ")}`, (error, channel) => {
        if (error) return reject(error);
        let [stdout, status]: [string, number | undefined] = ["", undefined];
        channel.on("data", (chunk: Uint8Array) => stdout += new TextDecoder().decode(chunk));
        channel.stderr.resume();
        channel.on("exit", (code: number) => status = code);
        channel.on("close", () => resolve({ stdout, status }));
        channel.end();
      }));
    client.connect({ host: "127.0.0.1", port, username: "miek", privateKey, ident });
  });
  client.end();
  return shown;
}

/** A host with the service "pgo", which the key "good" may operate, and whose Podman is broken. */
async function withPgod(body: (loopback: Loopback) => Promise<void>): Promise<void> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const service = {
    keys: [] as unknown[],
    user: { name: "pgo" },
    config: { name: "pgo" },
    host: { log, run: () => Promise.reject(new Error("podman is broken")) },
  };
  const found = service as unknown as Service;
  const fleet = {
    find: (name: string) => name === "pgo" ? found : undefined,
    services: () => [found],
  };
  const handle = createHandler(fleet, createAuthority(() => []), log);
  await withServer({ handle }, async (loopback) => {
    const text = await Deno.readTextFile(`${loopback.dir}/good.pub`);
    service.keys.push(...parseKeyFile("ssh/good.pub", text).keys);
    // The key of another service: it gets in, but not to this one.
    await loopback.know("wrong");
    await body(loopback);
  });
}

const WRONG = (name: string) =>
  `Unauthorized: Key for user "miek" does not match any for name ${name}\n`;
const FORMS: [what: string, command: string, args: string[], status: number, stdout: RegExp][] = [
  ["ping", "pgo//ping", [], 0, /^pong! - \S+\n$/],
  [
    "no such command",
    "pgo//fly",
    [],
    406,
    /^Not Acceptable: Command "fly" does not match any route/,
  ],
  ["no command at all", "", [], 400, /^Bad Request: [^\n]+\n$/],
  ["no service in it", "ping", [], 400, /^Bad Request: [^\n]+\n$/],
  ["an option there is not", "pgo//ps", ["--pod", "x"], 400, /^Bad Request: /],
  ["what failed", "pgo//ps", [], 500, /^Internal Server Error: podman is broken\n$/],
  // The ancestor said 404, and told everybody which services a host has.
  ["no such service", "nowhere//ps", [], 401, new RegExp(`^${WRONG("nowhere")}$`)],
];
for (const [what, command, args, status, stdout] of FORMS) {
  Deno.test(`the ancestor's client at pgod: ${what}`, () =>
    withPgod(async (loopback) => {
      const shown = await ancestorClient(loopback, command, args);
      assert.equal(shown.status, status);
      assert.match(shown.stdout, stdout);
    }));
}

Deno.test("the ancestor's client at pgod: a key of another service, and a connection without a command", () =>
  withPgod(async (loopback) => {
    const shown = await ancestorClient(loopback, "pgo//ps", [], { key: "wrong" });
    assert.deepEqual(shown, { stdout: WRONG("pgo"), status: 401 });
    const { stderr } = await outcome(loopback.ssh([]));
    assert.equal(stderr, 'Bad Request: No commands in connection for user "miek"\n');
  }));

/** Prints its line to stdout, and a word to stderr. */
const both: Handle = async ({ line, stdout, stderr }) => {
  await stdout(new TextEncoder().encode(`<${line}>\n`));
  await stderr(new TextEncoder().encode("on stderr\n"));
  return 3;
};
Deno.test("whoever calls itself Go as the ancestor does reads all on stdout; nobody else does", () =>
  withServer({ handle: both }, async (loopback) => {
    const shown = (ident: string) => ancestorClient(loopback, "pgo//logs", ["-n", "5"], { ident });
    const stdout = "<pgo//logs -n 5>\n";
    assert.deepEqual(await shown("Go"), { stdout: `${stdout}on stderr\n`, status: 3 });
    for (const ident of ["Golang", "go", "OpenSSH_9.2p1"]) {
      assert.deepEqual(await shown(ident), { stdout, status: 3 });
    }
  }));

/** The ancestor's daemon: an RSA host key, any public key, everything on stdout. Returns what it was asked. */
async function withAncestor(
  answer: [stdout: string, status: number],
  body: (loopback: Loopback, port: number, asked: string[]) => Promise<void>,
): Promise<void> {
  await withServer({ handle: () => Promise.resolve(0) }, async (loopback) => {
    await makeKey(`${loopback.dir}/rsa`, "-t", "rsa", "-b", "2048", "-m", "PEM");
    const asked: string[] = [];
    const hostKeys = [await Deno.readTextFile(`${loopback.dir}/rsa`)];
    const server = new ssh2.Server({ hostKeys, ident: "Go" }, (client) => {
      client.on("error", () => {});
      client.on(
        "authentication",
        (context) =>
          context.method === "publickey" ? context.accept() : context.reject(["publickey"]),
      );
      client.on("session", (accept) =>
        accept().on("exec", (accept, _reject, { command }) => {
          asked.push(command);
          const channel = accept();
          channel.write(answer[0]);
          channel.exit(answer[1]);
          channel.end();
        }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await body(loopback, (server.address() as AddressInfo).port, asked);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

const ANSWERS: [stdout: string, status: number, exit: number][] = [
  ["pong! - host\n", 0, 0],
  ['Bad Request: No commands in connection for user "miek"\n', 400, 64],
  [WRONG("pgo"), 401, 77],
  ['Not Found: No service found with name "pgo"\n', 404, 64],
  ['Not Acceptable: Command "fly" does not match any route\n', 406, 64],
  ["podman-compose: it failed\nexit code: 1\n", 500, 70],
];
for (const [stdout, status, exit] of ANSWERS) {
  Deno.test(`pgoctl at the ancestor's daemon: ${status} is ${exit}, and its text is shown`, () =>
    withAncestor([stdout, status], async ({ pgoctl, dir }, port, asked) => {
      const to = ["-F", "none", "-i", `${dir}/good`, "-p", `${port}`];
      const shown = await outcome(
        pgoctl([...to, "127.0.0.1:pgo//exec", "web", "sh", "-c", "echo $HOSTNAME"]),
      );
      assert.deepEqual([shown.code, shown.stdout], [exit, stdout]);
      const told = status === 0 ? /^(?!.*Process exited)/ : /^Process exited with status \d+$/m;
      assert.match(shown.stderr, told);
      assert.deepEqual(asked, ["pgo//exec web sh -c 'echo $HOSTNAME'"]);
    }));
}

Deno.test("pgoctl --json at the ancestor's daemon still says what happened", () =>
  withAncestor([WRONG("pgo"), 401], async ({ pgoctl, dir }, port) => {
    const to = ["-F", "none", "-i", `${dir}/good`, "-p", `${port}`, "--json"];
    const { code, stdout, stderr } = await outcome(pgoctl([...to, "127.0.0.1:pgo//ps"]));
    assert.deepEqual([code, stdout], [77, WRONG("pgo")]);
    assert.match(JSON.parse(stderr).message, /status 401/);
  }));
