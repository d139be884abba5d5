/**
 * From a push to what runs, with each podman-compose: what arrives, and what changes nothing.
 * @module
 */
import assert from "node:assert/strict";
import { composePaths } from "./compose_versions.ts";
import { freePort } from "./port.ts";
import { oneService, status, web } from "./services.ts";
import { get, ok, until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld } from "./world.ts";

const [ALICE] = USERS;

for (const { version, path } of await composePaths()) {
  Deno.test(`podman-compose ${version}: a push arrives, a bad push does not`, async (t) => {
    await baseImage(ALICE);
    const port = freePort();
    const url = `http://127.0.0.1:${port}/`;
    await withWorld({
      files: { shop: web(port, "one") },
      config: (world) => oneService(world, port),
      path,
    }, async (world) => {
      await world.start();
      await t.step(
        "clone, build, up",
        async () => void await until("the first page", async () => await get(url) === "one"),
      );
      await until("it is live", () => Promise.resolve(world.log().includes("is live")));

      await t.step("another file changes: only the checkout follows", async () => {
        await world.push("shop", { "www/index.html": "two" });
        const checkout = `${world.dir}/lib/shop/checkout/www/index.html`;
        await until(
          "the checkout follows",
          async () => await Deno.readTextFile(checkout) === "two",
        );
        assert.equal(await get(url), "one");
      });

      await t.step("x-gpo-version changes: it is deployed", async () => {
        const revision = await world.push("shop", web(port, "three", 2));
        await until("the new page", async () => await get(url) === "three");
        await until("status says so", async () => (await status(world)).deployed === revision);
      });

      await t.step("a build that fails changes nothing that runs", async () => {
        await world.push("shop", {
          ...web(port, "four", 3),
          "Containerfile": `FROM ${BASE}\nRUN ["/bin/nope"]\n`,
        });
        await until(
          "the failure is recorded",
          async () => (await status(world)).last.outcome === "failed",
        );
        assert.equal(await get(url), "three");
      });

      await t.step("an image that is nowhere changes nothing that runs", async () => {
        const files = web(port, "five", 4);
        const compose = files["docker-compose.yml"]?.replace(
          `image: ${BASE}`,
          "image: localhost/nowhere:1",
        );
        await world.push("shop", { ...files, "docker-compose.yml": compose });
        await until(
          "the failure is recorded",
          async () => /nowhere/.test((await status(world)).last.detail),
        );
        assert.equal(await get(url), "three");
      });

      await t.step(
        "a container that exits at once: the last good deployment runs again",
        async () => {
          const files = web(port, "six", 5);
          const compose = files["docker-compose.yml"]?.replace(
            "httpd -f -p 8080 -h /www",
            "sh -c 'exit 3'",
          );
          await world.push("shop", { ...files, "docker-compose.yml": compose });
          await until(
            "the rollback",
            async () => (await status(world)).last.outcome === "rolled back",
          );
          assert.equal(await get(url), "three");
        },
      );

      await t.step("a port of somebody else's is refused, over SSH too", async () => {
        await world.push("shop", web(port + 1, "seven", 6));
        await until(
          "the refusal",
          () =>
            Promise.resolve(world.log().includes(`host port ${port + 1} is not this service's`)),
        );
        const up = await world.pgoctl("shop//up");
        assert.equal(up.code, 70);
        assert.match(up.stderr, /services\.web\.ports\[0\]/);
        assert.equal(await get(url), "three");
      });

      await t.step("pull, build, up puts the newest revision live", async () => {
        await world.push("shop", web(port, "eight", 7));
        for (const command of ["pull", "build", "up"]) {
          const { code, stderr } = await world.pgoctl(`shop//${command}`);
          assert.equal(code, 0, stderr);
        }
        assert.equal(await get(url), "eight");
      });

      await t.step("a force push of another history is followed", async () => {
        const revision = await world.push("shop", web(port, "nine", 8), { amend: true });
        await until("the new page", async () => await get(url) === "nine");
        await until("status says so", async () => (await status(world)).deployed === revision);
      });

      await t.step("secrets of the config are in the container, and nowhere else", async () => {
        const { stdout } = await world.pgoctl("shop//exec", [
          "web",
          "sh",
          "-c",
          "echo $SECRET $PLAIN",
        ]);
        assert.equal(stdout, "hunter2 shown\n");
        const visible = [
          world.log(),
          (await world.pgoctl("shop//config")).stdout,
          (await world.pgoctl("shop//status", ["--json"])).stdout,
          await ok(["ps", "axww", "-o", "args"]),
        ];
        for (const text of visible) assert.ok(!text.includes("hunter2"));
      });
    });
  });
}
