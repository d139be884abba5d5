/**
 * Services of different users on one host: neither sees, or may operate, the other.
 * @module
 */
import assert from "node:assert/strict";
import { sshCommand } from "./clients.ts";
import { freePort } from "./port.ts";
import { web } from "./services.ts";
import { as, get, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;

Deno.test("two services of two users do not see each other", async () => {
  const ports = [freePort(), freePort()];
  const files = { one: web(ports[0] ?? 0, "one"), two: web(ports[1] ?? 0, "two") };
  await baseImage(ALICE);
  await baseImage(BOB);
  const config = ({ dir }: Pick<World, "dir">) =>
    "[ssh]\ncommands = 2\n" +
    [ALICE, BOB].map((user, at) =>
      `[[services]]\nname = "${
        ["one", "two"][at]
      }"\nuser = "${user}"\nrepository = "file://${dir}/${["one", "two"][at]}.git"\nports = ["${
        ports[at]
      }/0"]\n`
    ).join("\n");
  await withWorld({ files, config }, async (world) => {
    await world.start();
    await until(
      "both pages",
      async () =>
        await get(`http://127.0.0.1:${ports[0]}/`) === "one" &&
        await get(`http://127.0.0.1:${ports[1]}/`) === "two",
    );
    await until("both are live", () => Promise.resolve(world.log().split("is live").length === 3));
    const names = async (user: string) =>
      (await as(user, ["podman", "ps", "-a", "--format", "{{.Names}}"])).stdout.trim().split("\n")
        .sort();
    assert.deepEqual(await names(ALICE), ["one_side_1", "one_web_1"]);
    assert.deepEqual(await names(BOB), ["two_side_1", "two_web_1"]);
    assert.notEqual((await as(BOB, ["ls", `${world.dir}/lib/one`])).code, 0);
    assert.equal((await world.pgoctl("one//exec", ["two_web_1", "true"])).code, 64);
    // What they have to say to each other goes through ports.
    const ask = (port: number) =>
      as(ALICE, [
        ...["podman", "exec", "one_web_1", "sh", "-c"],
        `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 host.containers.internal ${port} | tail -n 1`,
      ]);
    assert.equal((await ask(ports[1] ?? 0)).stdout.trim(), "two");
    // Who watches one with all that a key may run there keeps nobody from the other.
    const watching = [1, 2].map(() => {
      const [program = "", ...args] = sshCommand(world, "one//logs -f");
      return new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" })
        .spawn();
    });
    // Before anything else is asked, which would count as well, and turn one of them away.
    const seen = () => world.log().split("[podman logs").length > watching.length;
    await until("both watch", () => Promise.resolve(seen()));
    const refused = async () => (await world.ssh("one//status")).stderr;
    const full = /^Internal Server Error: Key SHA256:\S+ runs 2 commands at one already/;
    await until("one is refused", async () => full.test(await refused()));
    assert.equal((await world.ssh("two//status")).code, 0);
    for (const child of watching) child.kill("SIGKILL");
    await Promise.all(watching.map(({ status }) => status));
    await until("one is served again", async () => await refused() === "");
    // A key of one is no key of the other.
    await world.push("two", { "ssh/good.pub": await Deno.readTextFile(world.key("wrong.pub")) });
    await until(
      "two has the other key",
      async () => (await world.pgoctl("two//ping", [], { key: "wrong" })).code === 0,
    );
    assert.equal((await world.pgoctl("two//ping")).code, 77);
    assert.equal((await world.pgoctl("one//ping")).code, 0);
    assert.equal((await world.pgoctl("one//ping", [], { key: "wrong" })).code, 77);
  });
});
