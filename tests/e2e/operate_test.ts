import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import { as, get, ok, until } from "./shell.ts";
import { baseImage, freePort, USERS, withWorld, type World } from "./world.ts";
import { oneService, status, web } from "./services.ts";

const [ALICE, BOB] = USERS;
const COMMAND = (
  world: World,
) => [
  "ssh",
  "-F",
  "none",
  "-o",
  "BatchMode=yes",
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "UserKnownHostsFile=/dev/null",
  "-i",
  world.key("good"),
  "-p",
  `${world.port}`,
  "127.0.0.1",
];

async function withShop(
  body: (world: World, url: string, port: number) => Promise<void>,
): Promise<void> {
  await baseImage(ALICE);
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  await withWorld(
    { files: { shop: web(port, "one") }, config: (world) => oneService(world, port) },
    async (world) => {
      await world.start();
      await until("it is live", () => Promise.resolve(world.log().includes("is live")));
      await body(world, url, port);
    },
  );
}

/** What a user's processes are, one a line. */
const processes = (user: string) => ok(["ps", "-u", user, "-o", "args="]);

Deno.test("operating a service through ssh and pgoctl", (t) =>
  withShop(async (world, url) => {
    await t.step("ping, ps, status, exit codes, separate streams", async () => {
      assert.match((await world.ssh("shop//ping")).stdout, /^pong! - /);
      assert.match((await world.pgoctl("shop//ps")).stdout, /^CONTAINER ID[^]*shop_web_1/);
      const { code, stdout, stderr } = await world.pgoctl("shop//exec", [
        "web",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 5",
      ]);
      assert.deepEqual([code, stdout, stderr], [5, "out\n", "err\n"]);
      const odd = ["a b", "", "'$x\"", "two\nlines", "*"];
      const echoed = await world.pgoctl("shop//exec", [
        "web",
        "sh",
        "-c",
        'for a; do echo "<$a>"; done',
        "sh",
        ...odd,
      ]);
      assert.equal(echoed.stdout, odd.map((word) => `<${word}>\n`).join(""));
      assert.equal(
        (await world.pgoctl("shop//exec", ["web", "cat"], { stdin: "in" })).stdout,
        "in",
      );
    });

    await t.step("nothing a client sends becomes an option of podman", async () => {
      for (
        const line of [
          "shop//exec --latest true",
          "shop//exec --privileged web true",
          "shop//logs --latest",
          "shop//down -v",
          "shop//ps --all=true",
          "shop//exec shop_web_1 true",
          "shop//logs -- --help",
        ]
      ) {
        const { code } = await world.ssh(line);
        assert.equal(code, 400 % 256, line);
      }
      assert.equal((await world.ssh("shop//nope")).code, 406 % 256);
      assert.equal(await get(url), "one");
    });

    await t.step("unknown and foreign services get the same 401", async () => {
      const [unknown, wrong] = [
        await world.pgoctl("nowhere//ps"),
        await world.pgoctl("shop//ps", [], { key: "wrong" }),
      ];
      assert.deepEqual([unknown.code, wrong.code], [77, 77]);
      assert.match(
        wrong.stderr,
        /Unauthorized: Key for user "miek" does not match any for name shop\nProcess exited with status 401\n/,
      );
    });

    await t.step("logs -f follows, and nothing is left when its client is killed", async () => {
      const [program = "", ...args] = [...COMMAND(world), "shop//logs -f -n 1 side"];
      const child = new Deno.Command(program, {
        args,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      let seen = "";
      while (seen.split("tick").length < 4) {
        {
          const { value, done } = await reader.read();
          assert.ok(!done, `ssh ended after ${JSON.stringify(seen)}`);
          seen += new TextDecoder().decode(value);
        }
      }
      assert.match(await processes(ALICE), /podman logs --follow/);
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await until("podman logs is ended", async () => !/podman logs/.test(await processes(ALICE)));
    });

    await t.step("exec: the process inside the container ends with its client", async () => {
      const [program = "", ...args] = [...COMMAND(world), "shop//exec web sleep 4711"];
      const child = new Deno.Command(program, {
        args,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const inside = async () =>
        /sleep 4711/.test((await as(ALICE, ["podman", "exec", "shop_web_1", "ps"])).stdout);
      await until("it runs", inside);
      child.kill("SIGKILL");
      await child.status;
      await until("it is ended", async () => !(await inside()));
      assert.doesNotMatch(await processes(ALICE), /4711/);
    });

    await t.step(
      "down stays down over ticks and restarts of pgod, up brings it back; volumes stay",
      async () => {
        assert.equal((await world.pgoctl("shop//down")).code, 0);
        await sleep(2500);
        assert.equal(await get(url), "");
        assert.equal(await world.stop(), 0);
        await world.start();
        await sleep(2500);
        assert.equal(await get(url), "");
        assert.match((await status(world)).stopped, /^by SHA256:\S+ \(good\) with down at /);
        assert.equal((await world.pgoctl("shop//up")).code, 0);
        assert.equal(await get(url), "one");
      },
    );

    await t.step("stop, start, restart", async () => {
      assert.equal((await world.pgoctl("shop//stop")).code, 0);
      assert.equal(await get(url), "");
      assert.equal((await world.pgoctl("shop//start")).code, 0);
      await until("the page", async () => await get(url) === "one");
      assert.equal((await world.pgoctl("shop//restart", ["web"])).stdout, "shop_web_1\n");
      assert.match(
        (await world.pgoctl("shop//restart", ["db"])).stderr,
        /no service "db" has a container/,
      );
    });
  }));

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
