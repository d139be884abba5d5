/**
 * A service outlives its pgod, and trouble of its host: stopped, killed, corrupted, configured anew.
 * @module
 */
import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import { oneService, status, web, withShop } from "./services.ts";
import { as, get, ok, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";

const [ALICE, BOB] = USERS;

Deno.test("pgod is stopped, killed, and comes back; its host changes meanwhile", (t) =>
  withShop(async (world, url, port) => {
    await t.step(
      "SIGTERM leaves containers running; a push made meanwhile is applied at start",
      async () => {
        assert.equal(await world.stop(), 0);
        assert.equal(await get(url), "one");
        await world.push("shop", web(port, "two", 2));
        await world.start();
        await until("the new page", async () => await get(url) === "two");
      },
    );

    await t.step(
      "SIGKILL and a reboot: containers are started again without the remote",
      async () => {
        await until("it is settled", async () => (await status(world)).busy === null);
        await world.signal("KILL");
        await as(ALICE, ["podman", "stop", "-a", "-t", "1"]);
        await ok(["mv", `${world.dir}/shop.git`, `${world.dir}/gone.git`]);
        await world.start();
        await until("the page", async () => await get(url) === "two");
        await until(
          "the trouble is logged",
          () => Promise.resolve(/shop: file:\S+: fatal/.test(world.log())),
        );
        await sleep(3000);
        assert.equal(world.log().match(/\[ERROR\] shop: file/g)?.length, 1);
        await ok(["mv", `${world.dir}/gone.git`, `${world.dir}/shop.git`]);
        await until(
          "it is well again",
          () => Promise.resolve(world.log().includes('"shop" is well again')),
          30_000,
        );
      },
    );

    await t.step(
      "a corrupted mirror and a deleted checkout heal, the service runs on",
      async () => {
        await ok([
          "sh",
          "-c",
          `rm -rf ${world.dir}/lib/shop/mirror.git/objects/* ${world.dir}/lib/shop/checkout`,
        ]);
        await until(
          "the checkout is back",
          async () => (await Deno.stat(`${world.dir}/lib/shop/checkout/docker-compose.yml`)).isFile,
        );
        await world.push("shop", { "www/index.html": "three" });
        await until(
          "it follows again",
          async () =>
            await Deno.readTextFile(`${world.dir}/lib/shop/checkout/www/index.html`) === "three",
        );
        assert.equal(await get(url), "two");
      },
    );

    await t.step("a vanished branch is one line, the service runs on", async () => {
      await ok(["git", "-C", `${world.dir}/shop.git`, "update-ref", "-d", "refs/heads/main"]);
      await until(
        "it is logged",
        () => Promise.resolve(world.log().includes('has no branch "main"')),
      );
      assert.equal(await get(url), "two");
      await world.push("shop", { "x": "y" });
    });

    await t.step(
      "SIGHUP: a wrong config is refused; a removed service goes, a new one comes",
      async () => {
        await world.configure("[[services]]\nname = 1\n");
        await world.signal("HUP");
        await until(
          "the refusal",
          () => Promise.resolve(world.log().includes("The config is refused, the old one stays")),
        );
        assert.equal(await get(url), "two");
        await world.configure(oneService(world, port).replace('name = "shop"', 'name = "store"'));
        await world.signal("HUP");
        await until("the old one is down", async () =>
          !/shop_/.test(
            (await as(ALICE, ["podman", "ps", "-a", "--format", "{{.Names}}"])).stdout,
          ));
        await until("the new one is up", async () => await get(url) === "three");
      },
    );

    await t.step("a service that changes its user is taken down as the old one", async () => {
      await baseImage(BOB);
      await world.configure(
        oneService(world, port).replace('name = "shop"', 'name = "store"').replace(ALICE, BOB),
      );
      await world.signal("HUP");
      const names = async (user: string) =>
        (await as(user, ["podman", "ps", "-a", "--format", "{{.Names}}"])).stdout;
      await until("it runs as the new user", async () => /store_web_1/.test(await names(BOB)));
      assert.equal((await names(ALICE)).trim(), "");
      await until("the page", async () => await get(url) === "three");
    });
  }));
