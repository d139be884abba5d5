import assert from "node:assert/strict";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import { sleep, within } from "../../lib/host/clock.ts";
import { withServer } from "./loopback.ts";

const CHUNK = new Uint8Array(65_536).fill(120);

/** A connected client of ssh2, which opens and closes single channels of one connection. */
async function connect(port: number, dir: string): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  const ready = new Promise<void>((resolve, reject) =>
    client.on("ready", resolve).on("error", reject)
  );
  client.connect({
    host: "127.0.0.1",
    port,
    username: "miek",
    privateKey: await Deno.readTextFile(`${dir}/good`),
  });
  await ready;
  return client;
}

const open = (client: ssh2.Client, line: string) =>
  new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.exec(
      line,
      (error: Error | undefined, channel: ssh2.ClientChannel) =>
        error ? reject(error) : resolve(channel),
    )
  );

for (const stream of ["stdout", "stderr"] as const) {
  Deno.test(`${stream}: 8 MB arrive whole although the command ends before its client has read them`, () =>
    withServer({
      async handle(request) {
        for (let sent = 0; sent < 128; sent++) await request[stream](CHUNK);
        return 3;
      },
    }, async ({ port, dir }) => {
      const client = await connect(port, dir);
      const channel = await open(client, "x//logs");
      let code: number | undefined;
      channel.on("exit", (status: number) => code = status);
      const closed = new Promise<void>((resolve) => channel.on("close", resolve));
      let bytes = 0;
      const source = stream === "stdout" ? channel : channel.stderr;
      (stream === "stdout" ? channel.stderr : channel).resume();
      await sleep(500);
      for await (const chunk of source) {
        bytes += chunk.length;
        if (bytes < 3_000_000) await sleep(5);
      }
      await within(5000, closed);
      client.end();
      assert.deepEqual([bytes, code], [128 * CHUNK.length, 3]);
    }));
}

Deno.test("a channel that is closed while nobody reads its stdin ends the command; the connection goes on", async () => {
  const gone = Promise.withResolvers<boolean>();
  await withServer({
    async handle(request) {
      if (request.line === "x//ping") return 0;
      request.signal.addEventListener("abort", () => gone.resolve(true));
      await gone.promise;
      return 0;
    },
  }, async ({ port, dir }) => {
    const client = await connect(port, dir);
    const channel = await open(client, "x//logs -f");
    for (let sent = 0; sent < 40; sent++) channel.write(CHUNK);
    await sleep(300);
    channel.close();
    const told = await within(3000, gone.promise);
    gone.resolve(false);
    const ping = await open(client, "x//ping");
    ping.resume();
    await new Promise((resolve) => ping.on("close", resolve));
    client.end();
    assert.equal(told, true);
  });
});
