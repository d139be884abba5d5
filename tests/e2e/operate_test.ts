/**
 * Operating a service that runs, with pgoctl and OpenSSH's client: what comes back, what is refused, what is ended.
 * @module
 */
import assert from "node:assert/strict";
import { sleep } from "../../lib/host/clock.ts";
import { sshCommand } from "./clients.ts";
import { status, withShop } from "./services.ts";
import { as, get, ok, until } from "./shell.ts";
import { USERS } from "./users.ts";

const [ALICE] = USERS;

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

    await t.step(
      "logs of a container that is removed by hand says so in pgod's words",
      async () => {
        // Until the tick after a deployment has seen it Podman is asked first.
        await sleep(2500);
        assert.match((await world.ssh("shop//logs -n 1 side")).stdout, /^tick\n$/);
        await as(ALICE, ["podman", "rm", "-f", "-t", "0", "shop_side_1"]);
        // A tick may have brought it back already.
        const { code, stderr } = await world.ssh("shop//logs side");
        assert.match(
          `${code} ${stderr}`,
          /^(0 |144 .*no service "side" has a container, there is web)/,
        );
        await until("it is back", async () => (await world.ssh("shop//logs side")).code === 0);
      },
    );

    await t.step("logs -f follows, and nothing is left when its client is killed", async () => {
      const [program = "", ...args] = sshCommand(world, "shop//logs -f -n 1 side");
      const child = new Deno.Command(program, {
        args,
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      let seen = "";
      while (seen.split("tick").length < 4) {
        const { value, done } = await reader.read();
        assert.ok(!done, `ssh ended after ${JSON.stringify(seen)}`);
        seen += new TextDecoder().decode(value);
      }
      assert.match(await processes(ALICE), /podman logs --follow/);
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await until("podman logs is ended", async () => !/podman logs/.test(await processes(ALICE)));
      const left =
        / command=logs .*error="podman was ended: the client left" status=129 .*gone=true/;
      await until("the log says so", () => Promise.resolve(left.test(world.log())));
    });

    await t.step("exec: the process inside the container ends with its client", async () => {
      const [program = "", ...args] = sshCommand(world, "shop//exec web sleep 4711");
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
      assert.doesNotMatch(world.log(), /\[ERROR\]/);
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
        const before = world.log().length;
        const { code, stderr } = await world.pgoctl("shop//up");
        assert.equal(code, 0, stderr);
        assert.equal(await get(url), "one");
        assert.match(world.log().slice(before), /\] shop: pgod: starting .* deployment=1\n/);
      },
    );

    await t.step("stop, start, restart", async () => {
      assert.equal((await world.pgoctl("shop//stop")).code, 0);
      assert.equal(await get(url), "");
      const before = world.log().length;
      assert.equal((await world.pgoctl("shop//start")).code, 0);
      assert.doesNotMatch(world.log().slice(before), /brought back/);
      await until("the page", async () => await get(url) === "one");
      assert.equal((await world.pgoctl("shop//restart", ["web"])).stdout, "shop_web_1\n");
      assert.match(
        (await world.pgoctl("shop//restart", ["db"])).stderr,
        /no service "db" has a container/,
      );
    });
  }));
