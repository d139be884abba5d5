import assert from "node:assert/strict";
import { LastLine } from "../../lib/client/report.ts";
import { sleep } from "../../lib/host/clock.ts";
import { decodeLine } from "../../lib/ssh/protocol.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { StatusError } from "../../lib/ssh/status.ts";
import { outcome, withServer } from "../ssh/loopback.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const handle: Handle = async ({ line = "", stdout, stderr, signal }) => {
  const { command, args, service } = decodeLine(line);
  if (command === "hang") { while (!signal.aborted) await sleep(20); }
  if (command === "noise") {
    await stderr(bytes("one\ntwo\nBad Request: not really"));
    return 5;
  }
  if (command === "fail") {
    await stderr(bytes("a line\n"));
    throw new StatusError(406, `Command "fail" of ${service} does not match`);
  }
  if (command === "sync") {
    await stderr(bytes("Bad Request: of a program\n  indented\nplain\n"));
    throw new StatusError(400, "Unknown option '--bogus', usage: sync\n  --wait: waits\n  --retry");
  }
  if (command === "up") {
    throw new StatusError(401, 'Key SHA256:x has the role "read" for x, but up needs "operate": …');
  }
  if (command === "foreign") throw new StatusError(401, "no");
  await stdout(bytes(JSON.stringify(args)));
  return 0;
};

/** The one JSON object that `text` ends with. */
const reportOf = (text: string) => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");

Deno.test("--json reaches the commands that know it, once, and no others", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const run = async (...words: string[]) => {
      const argv = ["--json", "-i", `${dir}/good`, "-p", `${port}`, ...words];
      return JSON.parse((await outcome(pgoctl(argv))).stdout);
    };
    assert.deepEqual(await run("127.0.0.1:x//status"), ["--json"]);
    assert.deepEqual(await run("127.0.0.1:x//history", "5"), ["--json", "5"]);
    assert.deepEqual(await run("127.0.0.1:x//status", "--json"), ["--json"]);
    assert.deepEqual(await run("127.0.0.1:x//pull"), []);
    assert.deepEqual(await run("127.0.0.1:x//exec", "web", "ls"), ["web", "ls"]);
  }));

Deno.test("--json makes a status one object, and leaves a program's own output alone", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const run = (command: string, key = "good") => {
      const argv = ["--json", "-i", `${dir}/${key}`, "-p", `${port}`, `127.0.0.1:x//${command}`];
      return outcome(pgoctl(argv));
    };
    const noise = await run("noise");
    assert.deepEqual([noise.code, noise.stderr], [5, "one\ntwo\nBad Request: not really"]);
    const failed = await run("fail");
    assert.equal(failed.stderr.split("\n")[0], "a line");
    assert.deepEqual(reportOf(failed.stderr), {
      kind: "usage",
      message: 'Not Acceptable: Command "fail" of x does not match',
      hint: null,
      status: 406,
      exit: 64,
    });
    await Deno.copyFile(`${dir}/good`, `${dir}/.ssh/id_ed25519`);
    await Deno.copyFile(`${dir}/wrong`, `${dir}/.ssh/id_rsa`);
    const several = await outcome(pgoctl(["--json", "-p", `${port}`, "127.0.0.1:x//foreign"]));
    assert.match(reportOf(several.stderr).hint, /id_ed25519\); .*; -i FILE shows another key$/);
    const host = await outcome(pgoctl(["--json", "-p", `${port}`, "127.0.0.1://foreign"]));
    assert.match(
      reportOf(host.stderr).hint,
      /in the file that admin_keys in the host's config names/,
    );
    for (const end of [await run("foreign"), await run("ps", "wrong")]) {
      const { kind, status, exit, hint, message } = reportOf(end.stderr);
      assert.deepEqual([kind, status, exit, end.code], ["unauthorized", 401, 77, 77]);
      assert.match(message, /^Unauthorized: /);
      assert.match(
        hint,
        /^offered: SHA256:\S+ \(\S+\/(good|wrong)\); the public half has to be in ssh\//,
      );
      assert.equal(end.stderr.trim().split("\n").length, 1);
    }
  }));

Deno.test("--json puts all lines of a refusal into its one object, and none of a program's", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const argv = ["--json", "-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//sync", "--bogus"];
    const { code, stderr } = await outcome(pgoctl(argv));
    const [report, ...program] = stderr.trimEnd().split("\n").reverse();
    assert.deepEqual([code, program.reverse()], [
      64,
      ["Bad Request: of a program", "  indented", "plain"],
    ]);
    assert.equal(
      JSON.parse(report ?? "").message,
      "Bad Request: Unknown option '--bogus', usage: sync\n  --wait: waits\n  --retry",
    );
  }));

Deno.test("a refusal that arrives a byte at a time is held as one, and let go by what follows", async () => {
  const passed: string[] = [];
  const write = async (text: string) => {
    const held = new LastLine((chunk) =>
      Promise.resolve(void passed.push(new TextDecoder().decode(chunk)))
    );
    for (const byte of bytes(text)) await held.write(Uint8Array.of(byte));
    return held;
  };
  const refusal = "Bad Request: no\n  --a\n  --b";
  assert.equal(await (await write(`a\n  b\n${refusal}\n`)).end(400), refusal);
  assert.equal(passed.splice(0).join(""), "a\n  b\n");
  await write(`${refusal}\nmore`);
  assert.equal(passed.splice(0).join(""), `${refusal}\n`);
});

Deno.test("where the role is what lacks, nobody is told that the key has to be in ssh/", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const run = (...words: string[]) =>
      outcome(pgoctl(["-i", `${dir}/good`, "-p", `${port}`, ...words]));
    const plain = await run("127.0.0.1:x//up");
    assert.equal(plain.code, 77);
    assert.match(
      plain.stderr,
      /\nUnauthorized: Key SHA256:x has the role [^\n]+\nProcess exited with status 401\n$/,
    );
    assert.equal(reportOf((await run("--json", "127.0.0.1:x//up")).stderr).hint, null);
  }));

Deno.test("a key that the whole host does not know is told so", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const argv = ["-i", `${dir}/wrong`, "-p", `${port}`, "127.0.0.1://status"];
    assert.match(
      (await outcome(pgoctl(argv))).stderr,
      /^Unauthorized: Key for user "\S+" does not match any for host 127\.0\.0\.1$/m,
    );
  }));

Deno.test("the key of pgoctl init is shown first, and named where there is none", () =>
  withServer({ handle }, async ({ dir, pgoctl, port, shown }) => {
    const run = () => outcome(pgoctl(["--json", "-p", `${port}`, "127.0.0.1:x//foreign"]));
    assert.match(reportOf((await run()).stderr).hint, /nor is there \S+\/\.ssh\/pgo_x, /);
    await Deno.copyFile(`${dir}/wrong`, `${dir}/.ssh/id_ed25519`);
    await Deno.copyFile(`${dir}/good`, `${dir}/.ssh/pgo_x`);
    const before = shown.length;
    const { stderr } = await run();
    assert.equal(new Set(shown.slice(before)).size, 1, "the other key was not shown");
    assert.match(reportOf(stderr).hint, /^offered: \S+ \(\S+\/pgo_x\); .*; -i FILE shows another/);
  }));

Deno.test("--timeout ends a call with 75, also one that never logs in; what is quick is not hurt", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const run = (at: number, command: string, ...more: string[]) => {
      const argv = [...more, "-i", `${dir}/good`, "-p", `${at}`, `127.0.0.1:x//${command}`];
      return outcome(pgoctl(argv));
    };
    const late = await run(port, "hang", "--timeout", "1500ms");
    assert.equal(late.code, 75);
    assert.match(
      late.stderr,
      /pgoctl: 127\.0\.0\.1 had not answered in full within --timeout 1\.5s; /,
    );
    assert.equal((await run(port, "ps", "--timeout", "1m")).code, 0);
    const mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const sockets: Deno.Conn[] = [];
    const accepting = (async () => {
      for await (const socket of mute) sockets.push(socket);
    })();
    assert.equal((await run(mute.addr.port, "ps", "--json", "--timeout", "1s")).code, 75);
    await Deno.writeTextFile(`${dir}/config`, "ConnectTimeout 1\n");
    const slow = await run(mute.addr.port, "ps", "-F", `${dir}/config`);
    assert.equal(slow.code, 69);
    assert.match(slow.stderr, /cannot be reached: no answer \(is the host up/);
    mute.close();
    await accepting;
    for (const socket of sockets) socket.close();
    const wrong = await run(port, "ps", "--timeout", "soon");
    assert.deepEqual([wrong.code, /^pgoctl: --timeout "soon" is no duration/.test(wrong.stderr)], [
      64,
      true,
    ]);
  }));

/** Answers each connection with `greeting`, and keeps it open until it is left. */
async function withGreeting(
  greeting: string,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const socket of listener) {
      void (async () => {
        await socket.write(bytes(greeting)).catch(() => {});
        while (await socket.read(new Uint8Array(1024)).catch(() => null) !== null);
        socket.close();
      })();
    }
  })();
  await body(listener.addr.port);
  listener.close();
  await serving;
}

const STRANGERS: [greeting: string, said: RegExp][] = [
  [
    "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n",
    /port \d+ does not speak SSH \(pgod's own port is 2222/,
  ],
  ["220 mail.example ESMTP\r\n", /port \d+ does not speak SSH/],
];
for (const [greeting, said] of STRANGERS) {
  Deno.test(`what is no SSH server is told at once: ${greeting.split("\r")[0]}`, () =>
    withServer({ handle }, ({ dir, pgoctl }) =>
      withGreeting(greeting, async (port) => {
        const argv = ["-i", `${dir}/good`, "--timeout", "20s", "-p", `${port}`, "127.0.0.1:x//ps"];
        const { code, stderr } = await outcome(pgoctl(argv));
        assert.deepEqual([code, said.test(stderr)], [69, true], stderr);
      })));
}

Deno.test("names: one that nobody knows, one that an alias stands for, and a line that leads astray", () =>
  withServer({ handle }, async ({ dir, pgoctl, port }) => {
    const key = ["-i", `${dir}/good`];
    const unknown = await outcome(pgoctl([...key, "nobody.invalid:x//ps"]));
    assert.equal(unknown.code, 69);
    assert.match(
      unknown.stderr,
      /^pgoctl: nobody\.invalid port 2222 cannot be reached: no such name is known \(is it/,
    );
    await Deno.writeTextFile(
      `${dir}/.ssh/config`,
      `Host web\n  HostName 127.0.0.1\n  Port ${port}\n  IdentityFile ~/good\n  User ann\nHost gone\n  HostName 127.0.0.1\n  Port 1\n` +
        "Host far\n  ProxyJump bastion\n",
      { mode: 0o600 },
    );
    const web = await outcome(pgoctl(["web:x//ps", "a"]));
    assert.deepEqual([web.code, web.stdout], [0, '["a"]'], web.stderr);
    const gone = await outcome(pgoctl([...key, "gone:x//ps"]));
    assert.equal(gone.code, 69);
    assert.match(
      gone.stderr,
      /nothing listens there \(.*; port 1 is from \S+\/\.ssh\/config:8\)\n$/,
    );
    const far = await outcome(pgoctl([...key, "far:x//ps"]));
    assert.equal(far.code, 64);
    assert.match(far.stderr, /^pgoctl: \S+config:10: pgoctl cannot go through proxyjump \(/);
    await Deno.chmod(`${dir}/.ssh/config`, 0o666);
    const open = await outcome(pgoctl(["web:x//ps"]));
    assert.deepEqual([
      open.code,
      /config can be written by others: chmod go-w it/.test(open.stderr),
    ], [64, true]);
    assert.equal(
      (await outcome(pgoctl([...key, "-F", "none", "-p", `${port}`, "127.0.0.1:x//ps"]))).code,
      0,
    );
  }));

Deno.test("--json tells wrong usage too", () =>
  withServer({ handle }, async ({ pgoctl }) => {
    const { code, stderr } = await outcome(pgoctl(["--json", "-p", "0", "h:x//ps"]));
    assert.equal(code, 64);
    assert.deepEqual(reportOf(stderr), {
      kind: "usage",
      message: "-p 0 is no port, expected 1 to 65535",
      hint: null,
      status: null,
      exit: 64,
    });
  }));
