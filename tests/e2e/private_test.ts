/**
 * Private things end to end: a registry, Git over HTTP and SSH, variables and Podman's secrets, a shared network;
 * and that nobody else can read what opens them.
 * @module
 */
import assert from "node:assert/strict";
import { filesWith, sampleCommandLines } from "./exposure.ts";
import { freePort } from "./port.ts";
import { type PrivateWorld, shop, withPrivateWorld } from "./private_world.ts";
import { as, get, ok, sh, until } from "./shell.ts";
import { USERS } from "./users.ts";

const [ALICE, BOB] = USERS;

const isLive = ({ pgoctl }: PrivateWorld, name: string) => async () =>
  JSON.parse((await pgoctl(`${name}//status`, ["--json"])).stdout).last?.outcome === "live";

/** What the shop shows to a container of the other service that asks for it by `name`. */
const askFor = ({ inside }: PrivateWorld, name: string) =>
  inside("feed_client_1", `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${name} 8080 | tail -n 1`);

const logged = (world: PrivateWorld, text: string) =>
  until(`a log line with ${text}`, () => Promise.resolve(world.log().includes(text)));

Deno.test("private things: pulled, built, cloned, given to containers, and nobody else sees a secret", async (t) => {
  const port = freePort();
  const page = () => get(`http://127.0.0.1:${port}/`);
  await withPrivateWorld(port, async (world) => {
    const { dir, secrets, sought, registry, inside, write } = world;
    const sampled = await sampleCommandLines(dir, [...sought, "planted-secret"]);
    await world.start();
    await until("the shop is live", isLive(world, "shop"));
    await until("the feed is live", isLive(world, "feed"));

    await t.step("no command line showed a secret, and one that does is seen", async () => {
      for (let count = 0; count < 5; count++) {
        await ok(["sh", "-c", "sleep 0.03; true", "sh", "planted-secret"]);
      }
      const { found, rounds } = await sampled();
      assert.ok(rounds > 200, `${rounds} rounds`);
      const planted = found.filter((line) => line.includes("planted-secret"));
      assert.notEqual(planted.length, 0);
      assert.deepEqual(found.filter((line) => !planted.includes(line)), []);
    });

    await t.step("what containers were given arrived", async () => {
      assert.equal(await page(), "page 1");
      assert.equal(await inside("shop_web_1", "echo $DB_PASSWORD"), secrets.variable);
      assert.equal(await inside("shop_web_1", "cat /run/secrets/api"), secrets.podman);
    });

    await t.step("services of one user reach each other by name", async () => {
      assert.equal(await askFor(world, "web"), "page 1");
    });

    await t.step("nothing that PGO says shows a secret", async () => {
      const said = [world.log()];
      const asked = [["config"], ["plan", "--json"], ["history", "1"], ["status", "--json"]];
      for (const [name = "", ...args] of asked) {
        const { stdout, stderr } = await world.pgoctl(`shop//${name}`, args);
        assert.notEqual(stdout, "", `${name}: ${stderr}`);
        said.push(stdout, stderr);
      }
      for (const text of sought) assert.ok(!said.some((one) => one.includes(text)), text);
      for (const shown of [`logging in to ${registry} as deploy`, "DB_PASSWORD"]) {
        assert.ok(said.some((one) => one.includes(shown)), `${shown} is looked through`);
      }
    });

    await t.step("another user reads no file with a secret, and no container", async () => {
      const uid = await ok(["id", "-u", ALICE]);
      const planted = `${dir}/planted`;
      await Deno.writeTextFile(planted, secrets.token, { mode: 0o644 });
      const places = ["/tmp", "/var/tmp", `/home/${ALICE}`, `/run/user/${uid}`];
      assert.deepEqual(await filesWith(BOB, sought, places), [planted]);
      await Deno.remove(planted);
      assert.notEqual((await as(BOB, ["podman", "inspect", "shop_web_1"])).code, 0);
      assert.equal((await as(ALICE, ["podman", "inspect", "shop_web_1"])).code, 0);
    });

    await t.step("on disk they are where they have to be, and nowhere else", async () => {
      const found = await filesWith("root", sought, [`${dir}/lib`]);
      assert.deepEqual(found.map((path) => path.replace(`${dir}/lib/`, "")), [
        "shop/auth.json",
        "shop/deployments/1.env.json",
      ]);
      for (const path of found) {
        assert.equal(await ok(["stat", "-c", "%U %a", path]), `${ALICE} 600`);
      }
      for (const path of [`${dir}/deploy`, `${dir}/etc/shop.env`]) {
        assert.notEqual((await as(ALICE, ["cat", path])).code, 0);
      }
    });

    await t.step(
      "a file with a mistake and a registry that lets us in no more: what runs stays",
      async () => {
        await write("shop.env", "DB_PASSWORD\n");
        await logged(world, "shop.env:1: no assignment");
        await write("registries", `deploy:wrong-${secrets.token}@${registry}\n`);
        await world.publish("new");
        await world.push("shop", shop(port, registry, 2, "new"));
        await write("shop.env", "DB_PASSWORD=another-variable\n");
        await logged(world, `registry ${registry} does not let user deploy in: `);
        assert.ok(!world.log().includes(`wrong-${secrets.token}`));
        assert.equal(await page(), "page 1");
      },
    );

    await t.step(
      "the right login is used by itself, and a changed env_file is deployed",
      async () => {
        await write("registries", `deploy:${secrets.registry}@${registry}\n`);
        await until("the page", async () => await page() === "page 2");
        assert.equal(await inside("shop_web_1", "echo $DB_PASSWORD"), "another-variable");
        // Not at all for a while, where the bridge takes another address with its new member.
        assert.equal(await askFor(world, "shop_web_1"), "page 2");
      },
    );

    await t.step("a token and a host key that are no more: said, and what runs stays", async () => {
      world.http.login = "deploy:another";
      const [host, type] = world.knownHosts.split(" ");
      const other = (await Deno.readTextFile(`${dir}/deploy.pub`)).split(" ")[1];
      await write("known_hosts", `${host} ${type} ${other}\n`);
      await logged(world, "Authentication failed for");
      await logged(world, "Host key verification failed");
      assert.equal(await page(), "page 2");
    });

    await t.step("out of the config: logins go, and the network when nobody lists it", async () => {
      const network = async () =>
        (await as(ALICE, ["podman", "network", "exists", "pgo-shared"])).code === 0;
      const [only = ""] = world.config.split(/^\[\[services\]\]\nname = "feed"/m);
      await world.configure(only.replace(/^registries.*$/m, ""));
      await world.signal("HUP");
      const gone = async () => (await sh(["test", "-e", `${dir}/lib/shop/auth.json`])).code !== 0;
      await until("the logins are gone", gone);
      await logged(world, '"feed" is no longer wanted');
      assert.ok(await network(), "the shop still lists it");
      await world.configure(
        `[[services]]\nname = "other"\nuser = "${ALICE}"\nrepository = "/nowhere"\n`,
      );
      await world.signal("HUP");
      await until("the network is gone", async () => !await network());
    });
  });
});
