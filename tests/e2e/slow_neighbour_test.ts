/**
 * Services whose deployments never end, one of each user, beside one that has to go on.
 * @module
 */
import assert from "node:assert/strict";
import { freePort } from "./port.ts";
import { oneService, web } from "./services.ts";
import { as, get, until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;
const NEVER_WELL = {
  "compose.yaml": `services:
  web:
    image: ${BASE}
    init: true
    command: sleep 600
    healthcheck: { test: [CMD, /bin/busybox, "false"], start_period: 1000h }
`,
};

const slow = ({ dir }: Pick<World, "dir">, name: string, user: string) =>
  `[[services]]\nname = "${name}"\nuser = "${user}"\nrepository = "file://${dir}/${name}.git"\n`;

Deno.test("neighbours that are never well: a push arrives, what dies comes back, a reload ends them", async () => {
  for (const user of USERS) await baseImage(user);
  const port = freePort();
  const page = () => get(`http://127.0.0.1:${port}/`);
  const setup = {
    files: { shop: web(port, "one"), slow: NEVER_WELL, slower: NEVER_WELL },
    config: (world: Pick<World, "dir">) =>
      slow(world, "slow", ALICE) + slow(world, "slower", BOB) + oneService(world, port),
  };
  await withWorld(setup, async (world) => {
    const runs = async (user: string, name: string) => {
      const { stdout } = await as(user, ["podman", "ps", "-q", "--filter", `name=${name}_web_1`]);
      return stdout !== "";
    };
    const said = (what: RegExp, times = 1) =>
      until(
        `${what}`,
        () => Promise.resolve(world.log().match(new RegExp(what, "g"))?.length === times),
      );
    await world.start();
    await until("both go on", async () => await runs(ALICE, "slow") && await runs(BOB, "slower"));
    await until("the page", async () => await page() === "one");
    await said(/deployment 1: \w+ is live/);
    await world.push("shop", web(port, "two", 2));
    await until("the second page", async () => await page() === "two");
    await said(/deployment 2: \w+ is live/);
    await as(ALICE, ["podman", "rm", "-f", "-t", "0", "shop_web_1"]);
    await until("it is back", async () => await page() === "two");
    assert.doesNotMatch(world.log(), /deployment 1 failed/, "the others go on");

    await world.configure(oneService(world, port));
    await world.signal("HUP");
    await said(/Config read again: 1 services/);
    await said(/is no longer wanted as \S+ and was taken down/, 2);
    assert.deepEqual([await runs(ALICE, "slow"), await runs(BOB, "slower")], [false, false]);
    assert.equal(await page(), "two");
  });
});
