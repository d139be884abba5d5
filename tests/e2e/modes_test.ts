/**
 * pgod's other two ways to be a service's user: by being it, and through sudo.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "shlex";
import { sleep } from "../../lib/host/clock.ts";
import { sshCommand } from "./clients.ts";
import { withPgodAs } from "./ordinary_user.ts";
import { freePort } from "./port.ts";
import { withScreen } from "./screen.ts";
import { oneService, web } from "./services.ts";
import { as, get, ok, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;

/** A terminal and its size need two more programs, started in a way of their own. */
function resizeTerminal(world: World): Promise<void> {
  return withScreen({ HOME: `${world.dir}/home`, USER: "miek" }, async (screen) => {
    await screen.type(join(sshCommand(world, "shop//exec web sh", { more: ["-t"] })), "Enter");
    await screen.wait(/^\/ #$/m);
    await screen.resize(90, 25);
    await until("it has the new size", async () => {
      await screen.type("clear; stty size", "Enter");
      await sleep(300);
      return /^25 90$/m.test(await screen.shows());
    });
  });
}

Deno.test("--root=false: the whole job as the invoking user", async () => {
  await baseImage(ALICE);
  const port = freePort();
  await withWorld(
    { files: { shop: web(port, "one") }, config: (world) => oneService(world, port) },
    (world) =>
      withPgodAs(ALICE, world, ["--root=false"], async () => {
        await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "one");
        assert.match((await world.pgoctl("shop//ps")).stdout, /shop_web_1/);
        await resizeTerminal(world);
        await world.push("shop", web(port, "two", 2));
        await until("the new page", async () => await get(`http://127.0.0.1:${port}/`) === "two");
      }),
  );
});

Deno.test("not root: the whole job through sudo, as another user", async () => {
  await baseImage(ALICE);
  const port = freePort();
  const sudoers = "/etc/sudoers.d/pgo-e2e";
  await Deno.writeTextFile(sudoers, `${BOB} ALL=(${ALICE}) NOPASSWD:SETENV: ALL\n`, {
    mode: 0o440,
  });
  try {
    await withWorld({
      files: { shop: web(port, "one") },
      config: (world) => oneService(world, port),
    }, (world) =>
      withPgodAs(BOB, world, [], async () => {
        await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "one");
        const { stdout } = await as(ALICE, ["podman", "ps", "--format", "{{.Names}}"]);
        assert.match(stdout, /shop_web_1/);
        assert.equal(
          (await world.pgoctl("shop//exec", ["web", "sh", "-c", "echo $SECRET; exit 3"])).code,
          3,
        );
        await resizeTerminal(world);
        await world.push("shop", web(port, "two", 2));
        await until("the new page", async () => await get(`http://127.0.0.1:${port}/`) === "two");
      }));
  } finally {
    await ok(["rm", sudoers]);
  }
});
