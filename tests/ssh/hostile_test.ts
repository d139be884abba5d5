import assert from "node:assert/strict";
import { sleep, within } from "../../lib/host/clock.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { type Loopback, outcome, withServer } from "./loopback.ts";

const answer: Handle = async ({ line = "", stdout }) => {
  await stdout(new TextEncoder().encode(line));
  return 0;
};

/** Connects `count` times and says nothing. */
function connect({ port }: Loopback, count: number): Promise<Deno.TcpConn[]> {
  const one = () => Deno.connect({ hostname: "127.0.0.1", port });
  return Promise.all(Array.from({ length: count }, one));
}

/** Resolves when the other end closed `socket`. */
async function closed(socket: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await socket.read(buffer).catch(() => null) !== null);
  socket.close();
}

const CLIENTS: [what: string, start: (loopback: Loopback) => Deno.Command][] = [
  ["ssh", ({ ssh }) => ssh(["x//logs", "-f"])],
  [
    "pgoctl",
    ({ pgoctl, dir, port }) =>
      pgoctl(["-i", `${dir}/good`, "-p", `${port}`, "127.0.0.1:x//logs", "-f"]),
  ],
];
const DEATHS: [what: string, signal: Deno.Signal, prints: boolean][] = [
  ["killed while it waits", "SIGKILL", false],
  ["killed in the midst of output", "SIGKILL", true],
  ["interrupted while it waits", "SIGINT", false],
];
for (const [client, start] of CLIENTS) {
  for (const [death, signal, prints] of DEATHS) {
    Deno.test(`${client} ${death}: the command is told, and ends`, async () => {
      const started = Promise.withResolvers<void>();
      const gone = Promise.withResolvers<void>();
      const handle: Handle = async (request) => {
        request.signal.addEventListener("abort", () => gone.resolve());
        started.resolve();
        // Rejects once nobody is there, so that no command waits for room that never comes.
        while (prints) await request.stdout(new Uint8Array(65_536));
        await gone.promise;
        return 0;
      };
      await withServer({ handle }, async (loopback) => {
        const child = start(loopback).spawn();
        await started.promise;
        await sleep(100);
        child.kill(signal);
        await gone.promise;
        await Promise.all([child.output(), child.stdin.close()]);
      });
    });
  }
}

Deno.test("50 sessions at once get each their own answer", () =>
  withServer({ handle: answer }, async ({ remote }) => {
    const lines = Array.from({ length: 50 }, (_, at) => `x//ps ${at}`);
    const answers = await Promise.all(lines.map(async (line) => {
      let text = "";
      const stdout = (chunk: Uint8Array) => {
        text += new TextDecoder().decode(chunk);
        return Promise.resolve();
      };
      return [await remote(line, { stdout }), text];
    }));
    assert.deepEqual(answers, lines.map((line) => [0, line]));
  }));

const GARBAGE: [what: string, bytes: () => Uint8Array<ArrayBuffer>][] = [
  ["random bytes", () => crypto.getRandomValues(new Uint8Array(5000))],
  ["zeros", () => new Uint8Array(5000)],
  ["HTTP", () => new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  ["SSH 1", () => new TextEncoder().encode("SSH-1.5-old\r\n")],
  ["a greeting and random bytes", () =>
    Uint8Array.from([
      ...new TextEncoder().encode("SSH-2.0-x\r\n"),
      ...crypto.getRandomValues(new Uint8Array(5000)),
    ])],
  [
    "a greeting and a packet of 4 GB",
    () =>
      Uint8Array.from([...new TextEncoder().encode("SSH-2.0-x\r\n"), 255, 255, 255, 255, 4, 20]),
  ],
];
for (const [what, bytes] of GARBAGE) {
  Deno.test(`${what} end the connection they came in on, and no other`, () =>
    withServer({ handle: answer, limits: { loginGrace: 3000 } }, async (loopback) => {
      const sockets = await connect(loopback, 20);
      await Promise.all(sockets.map((socket) => socket.write(bytes()).catch(() => {})));
      assert.equal(await loopback.remote("x//ps"), 0);
      await Promise.all(sockets.map(closed));
      assert.equal((await outcome(loopback.ssh(["x//ps"]))).code, 0);
    }));
}

for (const greeting of ["", "SSH-2.0-x\r\n"]) {
  Deno.test(`who says ${JSON.stringify(greeting)} and no more is cut off, who logged in is not`, async () => {
    const end = Promise.withResolvers<void>();
    const handle: Handle = async () => {
      await end.promise;
      return 9;
    };
    await withServer({ handle, limits: { loginGrace: 300 } }, async (loopback) => {
      const long = loopback.remote("x//logs -f");
      const sockets = await connect(loopback, 3);
      for (const socket of sockets) await socket.write(new TextEncoder().encode(greeting));
      const all = Promise.all(sockets.map(closed)).then(() => "closed");
      const seen = await within(5000, all);
      end.resolve();
      assert.equal(await long, 9);
      if (seen === undefined) sockets.forEach((socket) => socket.close());
      assert.equal(seen, "closed");
    });
  });
}

Deno.test("hundreds of silent connections do not lock anybody out", () =>
  withServer({ handle: answer }, async (loopback) => {
    const sockets = await connect(loopback, 300);
    assert.equal(await loopback.remote("x//ps"), 0);
    for (const socket of sockets) socket.close();
  }));
