/**
 * A repository of another host, as far as one host can have it: behind `git daemon`.
 * @module
 */
import { freePort } from "./port.ts";
import { oneService, web } from "./services.ts";
import { get, ok, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld } from "./world.ts";

const [ALICE] = USERS;

Deno.test("a repository behind git daemon is cloned and followed", async () => {
  await baseImage(ALICE);
  const [port, git] = [freePort(), freePort()];
  const url = `http://127.0.0.1:${port}/`;
  const config = (world: { dir: string }) =>
    oneService(world, port).replace(`file://${world.dir}/`, `git://127.0.0.1:${git}/`);
  await withWorld({ files: { shop: web(port, "one") }, config }, async (world) => {
    const args = [
      "daemon",
      "--export-all",
      `--base-path=${world.dir}`,
      "--listen=127.0.0.1",
      `--port=${git}`,
      "--reuseaddr",
    ];
    const daemon = new Deno.Command("git", { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    try {
      await world.start();
      await until("the page", async () => await get(url) === "one");
      await world.push("shop", web(port, "two", 2));
      await until("the new page", async () => await get(url) === "two");
    } finally {
      await ok(["kill", `${daemon.pid}`]);
      await daemon.status;
    }
  });
});
