/**
 * pgod in the company it will have: a CI job that runs pgoctl, a registry that images are pulled from.
 * @module
 */
import assert from "node:assert/strict";
import { job } from "./job.ts";
import { freePort } from "./port.ts";
import { withRegistry } from "./registry.ts";
import { as, get, until } from "./shell.ts";
import { oneService, status, web } from "./services.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld } from "./world.ts";

const [ALICE] = USERS;

const DEPLOY = `
pgoctl -i $SSHKEY 127.0.0.1:shop//pull
pgoctl -i $SSHKEY 127.0.0.1:shop//build
pgoctl -i $SSHKEY 127.0.0.1:shop//up`;

Deno.test("the design document's GitLab job deploys and stops", async () => {
  await baseImage(ALICE);
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  await withWorld({
    files: { shop: web(port, "one") },
    config: (world) => oneService(world, port),
    interval: "1h",
  }, async (world) => {
    await world.start();
    await until("the first page", async () => await get(url) === "one");
    const revision = await world.push("shop", web(port, "two", 2));
    const deployed = await job(world, world.key("good"), DEPLOY);
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.equal(await get(url), "two");
    assert.equal((await status(world)).deployed, revision);
    const text = await Deno.readTextFile(world.key("good"));
    const stopped = await job(world, text, "pgoctl -i $SSHKEY 127.0.0.1:shop//down");
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(await get(url), "");
    const again = await job(world, text, 'PGOCTL_ID="$SSHKEY" pgoctl 127.0.0.1:shop//up');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await get(url), "two");
    const quoted = await job(world, text, 'pgoctl -i "$SSHKEY" 127.0.0.1:shop//ping');
    assert.equal(quoted.code, 0, quoted.stderr);
    const broken = await world.push("shop", {
      ...web(port, "x", 3),
      "Containerfile": `FROM ${BASE}\nRUN ["/bin/nope"]\n`,
    });
    const failed = await job(world, world.key("good"), DEPLOY);
    assert.equal(failed.code, 70, `${broken}: ${failed.stderr}`);
    assert.match(failed.stderr, /build of web failed/);
    assert.equal(await get(url), "two");
  });
});

Deno.test("images come from a real registry; a failed pull is a failure and touches nothing", async () => {
  await baseImage(ALICE);
  await withRegistry(ALICE, async (registry) => {
    const image = `${registry}/team/app:1`;
    const push = async (from: string) => {
      await as(ALICE, ["podman", "tag", from, image]);
      const { code, stderr } = await as(ALICE, ["podman", "push", image]);
      assert.equal(code, 0, stderr);
      await as(ALICE, ["podman", "untag", image, image]);
    };
    await push(BASE);
    const port = freePort();
    const url = `http://127.0.0.1:${port}/`;
    const compose = (version: number, tag = "1") =>
      `services:
  web:
    image: ${registry}/team/app:${tag}
    init: true
    command: ["sh", "-c", "mkdir /www; echo ${version} > /www/index.html; exec httpd -f -p 8080 -h /www"]
    ports: ["${port}:8080"]
x-gpo-version: ${version}
`;
    await withWorld({
      files: { shop: { "compose.yaml": compose(1) } },
      config: (world) => oneService(world, port),
    }, async (world) => {
      await world.start();
      await until("the first page", async () => await get(url) === "1\n");
      assert.match((await world.pgoctl("shop//ps")).stdout, /localhost\/pgo\/shop\/web:1/);
      await world.push("shop", { "compose.yaml": compose(2, "missing") });
      await until(
        "the failure",
        async () => /pull of \S+:missing failed/.test((await status(world)).last.detail),
      );
      assert.equal(await get(url), "1\n");
      assert.equal((await world.pgoctl("shop//pull")).code, 70);
      await world.push("shop", { "compose.yaml": compose(3) });
      await until("the next page", async () => await get(url) === "3\n");
    });
  });
});
