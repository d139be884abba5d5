/**
 * Names reach containers: Debian's caddy and nginx, with the files that pgod writes for them; and the port book.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ask, type RunningProxy, startCaddy, startNginx } from "./proxies.ts";
import { crowd, failed, type Visit } from "./crowd.ts";
import { freePort } from "./port.ts";
import { oneService, status, web } from "./services.ts";
import { denoDir, ok, sh, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE] = USERS;
/** Milliseconds by which clients of the proxy and of the port may differ in what they call the outage. */
const SLACK = 1_000;

/** Runs one of pgod's commands that look, as its task does. */
async function pgod(world: World, ...words: string[]) {
  const script = fileURLToPath(new URL("../../pgod.ts", import.meta.url));
  const flags = ["--no-prompt", "--allow-run=cat,getent,runuser,ss", "--allow-read"];
  const own = ["-c", `${world.dir}/config.toml`, "--dir", `${world.dir}/lib`];
  const argv = ["deno", "run", "-q", ...flags, "--allow-env=PATH", "--allow-sys=uid", script];
  return await sh([...argv, ...words, ...own], { env: { DENO_DIR: denoDir() } });
}

Deno.test("urls lead through caddy and nginx to the container; who listens is in the book", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  const proxies: RunningProxy[] = [];
  const urls = `urls = { "www.shop.test" = ":${port}", "shop.test/page" = ":${port}" }\n`;
  let global = "";
  const config = (world: Pick<World, "dir">, more = urls) =>
    `[global]\n${global}${oneService(world, port, more)}`;
  await withWorld(
    { files: { shop: web(port, "one") }, config: (world) => oneService(world, port) },
    async (world) => {
      try {
        proxies.push(
          await startCaddy(world.dir, 'caddy_try = "20s"\n'),
          await startNginx(world.dir),
        );
        global = proxies.map(({ global }) => global).join("");
        await world.configure(config(world));
        await world.start();
        const [caddy, nginx] = proxies;
        assert.ok(caddy && nginx);

        await t.step("a request with the name reaches the rootless container", async () => {
          for (const proxy of proxies) {
            await until(
              `www.shop.test shows the page ${proxy.global}`,
              async () => (await ask(proxy, "http://www.shop.test/")).text === "one",
            );
            assert.equal((await ask(proxy, "http://shop.test/page/x")).status, 404);
            assert.equal((await ask(proxy, "http://shop.test/pages")).status, 404);
            assert.equal((await Deno.stat(proxy.file)).mode ?? 0, 0o100644);
          }
          assert.match((await ask(nginx, "http://shop.test/pages")).text, /nginx/);
          assert.equal((await ask(caddy, "http://shop.test/pages")).text, "");
          assert.match((await ask(caddy, "http://shop.test/page/x")).text, /404 Not Found/);
        });

        await t.step(
          "the book: what is published, who listens, from outside and by pgoctl",
          async () => {
            await until("it is live", () => Promise.resolve(world.log().includes("is live")));
            await until("it is live", () => Promise.resolve(world.log().includes("is live")));
            const own = await world.pgoctl("shop//ports");
            const row = new RegExp(
              `^${port} +${port}/tcp +www.shop.test, shop.test/page +shop_web_1 +\\S+ \\(process \\d+\\)$`,
              "m",
            );
            assert.match(own.stdout, row);
            const page = JSON.parse((await world.pgoctl("shop//ports", ["--json"])).stdout);
            assert.deepEqual(page.ports[0].containers, [{ name: "shop_web_1", state: "running" }]);
            assert.equal(page.ports[0].wanted, true);
            assert.equal(page.ports[0].stranger, false);
            const book = await pgod(world, "ports", "--json");
            assert.equal(book.code, 0, book.stderr);
            const { services, others } = JSON.parse(book.stdout);
            assert.deepEqual(services[0], page);
            const listening = new Set(others.map(({ port }: { port: number }) => port));
            for (const proxy of proxies) assert.ok(listening.has(proxy.port));
            const free = JSON.parse((await pgod(world, "ports", "--free", "3", "--json")).stdout);
            assert.equal(free.to - free.from, 2);
            assert.ok(free.from >= 5000 && (port < free.from || port > free.to));
          },
        );

        await t.step(
          "a redeploy: nginx says 503 for the outage itself and no longer, caddy's clients wait",
          async () => {
            const url = "http://www.shop.test/";
            const crowds = [port, nginx.port, caddy.port].map((at) => crowd(at, url));
            await world.push("shop", web(port, "one", 2));
            await until(
              "it is live",
              () => Promise.resolve(world.log().split(" is live").length > 2),
            );
            const [own = [], through = [], waited = []] = await Promise.all(
              crowds.map(({ stop }) => stop()),
            );
            const outage = failed(own);
            const [first, last] = [outage.at(0), outage.at(-1)];
            assert.ok(first && last, "a redeploy is an outage");
            assert.deepEqual(failed(waited), []);
            assert.ok(failed(through).length > 0);
            assert.deepEqual([...new Set(failed(through).map(({ status }) => status))], [503]);
            const during = ({ came, went }: Visit) =>
              went >= first.came - SLACK && came <= last.went + SLACK;
            assert.deepEqual(failed(through).filter((visit) => !during(visit)), []);
          },
        );

        await t.step(
          "check warns of a range in which another program listens, and says who",
          async () => {
            await world.configure(
              config(world, "").replace(
                `ports = ["${port}/0"]`,
                `ports = ["${port}/0", "${nginx.port}/0", "1023/1"]`,
              ),
            );
            const { code, stderr } = await pgod(world, "check");
            assert.equal(code, 0, stderr);
            const warnings = stderr.trim().split("\n").filter((line) =>
              /\.ports\[/.test(line) && !line.includes("port 1024/")
            );
            assert.equal(warnings.length, 2, stderr);
            assert.match(
              warnings[0] ?? "",
              new RegExp(
                `ports\\[1\\]: warning: port ${nginx.port}/tcp is held by nginx \\(process \\d+\\) of user \\S+$`,
              ),
            );
            assert.match(
              warnings[1] ?? "",
              /ports\[2\]: warning: 1023: user "\S+" may not bind ports below 1024/,
            );
          },
        );

        await t.step(
          "a proxy that does not take it keeps the old file, and status says so",
          async () => {
            const before = await Deno.readTextFile(caddy.file);
            await caddy.stop();
            await world.configure(config(world, urls.replace("www.", "new.")));
            await world.signal("HUP");
            await until(
              "status names it",
              async () => /caddy reload failed/.test((await status(world)).proxy),
            );
            assert.equal(await Deno.readTextFile(caddy.file), before);
            assert.match(
              (await world.pgoctl("shop//status")).stdout,
              /^proxy +caddy: caddy reload failed: /m,
            );
            await until(
              "nginx has it all the same",
              async () => (await ask(nginx, "http://new.shop.test/")).text === "one",
            );
            await caddy.start();
            await until(
              "caddy has it soon after",
              async () => (await ask(caddy, "http://new.shop.test/")).text === "one",
            );
            assert.equal((await status(world)).proxy, null);
          },
        );

        await t.step(
          "a clash with a site of the admin's own is refused, and nothing is lost",
          async () => {
            await Deno.writeTextFile(
              `${world.dir}/caddy/own.caddy`,
              "http://clash.test {\n\trespond admin\n}\n",
            );
            await world.configure(
              config(world, urls.replace("www.", "clash.").replace("clash.shop", "clash")),
            );
            await world.signal("HUP");
            await until("it is said", () =>
              Promise.resolve(
                /did not reach caddy: .*ambiguous site definition/.test(world.log()),
              ));
            assert.equal((await ask(caddy, "http://new.shop.test/")).text, "one");
            await ok(["rm", `${world.dir}/caddy/own.caddy`]);
          },
        );

        await t.step("urls that leave the config leave the proxies", async () => {
          await world.configure(config(world, ""));
          await world.signal("HUP");
          for (const proxy of proxies) {
            await until(
              "no site is left",
              async () =>
                !/shop|clash/.test(await Deno.readTextFile(proxy.file)) &&
                (await ask(proxy, "http://new.shop.test/")).text !== "one",
            );
          }
        });
      } finally {
        for (const proxy of proxies) await proxy.stop();
      }
    },
  );
});
