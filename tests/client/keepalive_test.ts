import assert from "node:assert/strict";
import { ClientError } from "../../lib/client/error.ts";
import { sleep, within } from "../../lib/host/clock.ts";
import type { Handle } from "../../lib/ssh/session.ts";
import { withServer } from "../ssh/loopback.ts";

/** Passes one connection on to `port`, until it is told to be silent, which is not to close it. */
function silentProxy(port: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let silent = false;
  const pass = async (from: Deno.TcpConn, to: Deno.TcpConn) => {
    for await (const chunk of from.readable) if (!silent) await to.write(chunk).catch(() => {});
  };
  const done = listener.accept().then(async (client) => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    const back = pass(server, client);
    await pass(client, server).catch(() => {});
    server.close();
    await back.catch(() => {});
  });
  return {
    port: listener.addr.port,
    fallSilent: () => void (silent = true),
    async close() {
      await done.catch(() => {});
      listener.close();
    },
  };
}

const handle: Handle = async ({ signal }) => {
  await sleep(60_000, signal);
  return 0;
};

Deno.test("a host that answers no more is lost, though nobody closes the connection", () =>
  withServer({ handle }, async ({ port, remote }) => {
    const proxy = silentProxy(port);
    const lost = remote("x//logs -f", { port: proxy.port, keepalive: 50 });
    await Promise.race([lost.catch(() => {}), sleep(1000)]);
    proxy.fallSilent();
    const end = within(10_000, lost);
    await assert.rejects(end, (error) => error instanceof ClientError && error.kind === "lost");
    await proxy.close();
  }));

Deno.test("a host that answers is not lost, however long nothing is said", () =>
  withServer({
    handle: async () => {
      await sleep(1500);
      return 6;
    },
  }, async ({ remote }) => {
    assert.equal(await remote("x//logs -f", { keepalive: 50 }), 6);
  }));
