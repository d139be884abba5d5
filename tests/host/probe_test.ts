import assert from "node:assert/strict";
import { createRun } from "../../lib/host/process.ts";
import { silentPorts } from "../../lib/host/probe.ts";
import { recordedLog } from "../recorded_log.ts";

/** Listens at a port of loopback and does `meet` with whoever comes. */
function listen(meet: (client: Deno.TcpConn) => unknown) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients: Deno.TcpConn[] = [];
  void (async () => {
    for await (const client of listener) {
      clients.push(client);
      await meet(client);
    }
  })();
  const end = () => [listener, ...clients].forEach((one) => one.close());
  return { port: listener.addr.port, end };
}

Deno.test("who stays or says something answers; who closes at once and who is not there do not", async () => {
  const stays = listen(() => {});
  const speaks = listen(async (client) => {
    await client.write(new TextEncoder().encode("220 hello\n"));
    await client.closeWrite();
  });
  const closes = listen((client) => client.closeWrite());
  const gone = listen(() => {});
  gone.end();
  const { log, lines } = recordedLog("program.started");
  const run = createRun({ how: "self", log, path: Deno.env.get("PATH") });
  const user = { name: "miek", uid: 1000, gid: 1000, home: "/" };
  const [a, b, c, d] = [stays, closes, speaks, gone].map(({ port }) => ({ ip: "", port }));
  assert.ok(a && b && c && d);
  assert.deepEqual(await silentPorts(run, user, [b, a, d, c]), [b, d]);
  assert.deepEqual(await silentPorts(run, user, [c, a]), []);
  assert.deepEqual(await silentPorts(run, user, []), []);
  assert.equal(lines.length, 2);
  for (const one of [stays, speaks, closes]) one.end();
});
