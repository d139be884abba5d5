/**
 * The floor for SSH in this language: ssh2's server and nothing else. Arguments: directory, port. It lets the key in
 * `key.pub` in, and prints `output` for an exec of `cat`, nothing for any other.
 * @module
 */
import { createServer } from "node:net";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";

const [dir = "", port = ""] = Deno.args;
const [type = "", blob = ""] = (await Deno.readTextFile(`${dir}/key.pub`)).split(" ");
const key = ssh2.utils.parseKey(`${type} ${blob}`);
if (key instanceof Error) throw key;
const hostKeys = [await Deno.readTextFile(`${dir}/sshd_key`)];
const server = new ssh2.Server({ hostKeys }, (client) => {
  client.on("authentication", (context) => {
    if (context.method !== "publickey" || context.key.data.toString("base64") !== blob.trim()) {
      return context.reject(["publickey"]);
    }
    const { signature, blob: signed } = context;
    if (!signature || (signed && key.verify(signed, signature) === true)) context.accept();
    else context.reject();
  });
  client.on("error", () => {});
  client.on("session", (accept) =>
    accept().on("exec", async (accept, _reject, { command }) => {
      const channel = accept();
      channel.resume();
      if (command.startsWith("cat")) {
        const file = await Deno.open(`${dir}/output`);
        for await (const chunk of file.readable) {
          if (!channel.write(chunk)) {
            await new Promise<void>((resolve) => channel.once("drain", resolve));
          }
        }
      }
      channel.exit(0);
      channel.end();
    }));
});
createServer({ noDelay: true }, (socket) => server.injectSocket(socket))
  .listen(Number(port), "127.0.0.1");
