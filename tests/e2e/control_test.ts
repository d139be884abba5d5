import assert from "node:assert/strict";
import { oneService, status, web } from "./services.ts";
import { as, get, ok, until } from "./shell.ts";
import { freePort } from "./port.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE] = USERS;

/** A world whose service shows `one` and is live; `page` asks it. */
async function withPage(
  body: (world: World, port: number, page: () => Promise<string>) => Promise<void>,
): Promise<void> {
  await baseImage(ALICE);
  const port = freePort();
  const page = () => get(`http://127.0.0.1:${port}/`);
  const setup = {
    files: { shop: web(port, "one") },
    config: (world: Pick<World, "dir">) => oneService(world, port),
  };
  await withWorld(setup, async (world) => {
    await world.start();
    await until("the page", async () => await page() === "one");
    await until("it is live", () => Promise.resolve(world.log().includes("is live")));
    await body(world, port, page);
  });
}

Deno.test("freeze, rollback, history: an operator's wish wins over Git and outlives everything", async (t) => {
  await withPage(async (world, port, page) => {
    const say = async (command: string, args: string[] = [], code = 0) => {
      const result = await world.pgoctl(`shop//${command}`, args);
      assert.equal(result.code, code, `${command}: ${result.stdout}${result.stderr}`);
      return result.stdout;
    };
    const second = await world.push("shop", web(port, "two", 2));
    await until("the second", async () => (await status(world)).deployed === second);

    await t.step("frozen, a push is followed and not deployed; up says why", async () => {
      assert.match(
        await say("freeze", ["--reason", "the fair", "--for", "2h"]),
        /until .*: the fair/,
      );
      const third = await world.push("shop", web(port, "three", 3));
      await until("the tip", async () => (await status(world)).tip === third);
      assert.equal((await status(world)).frozen.reason, "the fair");
      assert.match(await say("sync"), /frozen by .*the fair/);
      await say("up", [], 64);
      assert.equal(await page(), "two");
    });

    await t.step("unfrozen, it is deployed", async () => {
      await say("unfreeze");
      await until("the third", async () => await page() === "three");
      await until("it is live", async () => (await status(world)).last.outcome === "live");
    });

    await t.step("rollback: the last good one from its own images, and frozen", async () => {
      assert.match(await say("rollback"), /deployment 2: .* is live again, and frozen/);
      assert.equal(await page(), "two");
      const { deployed, checkout, last } = await status(world);
      assert.deepEqual([deployed, checkout, last.number], [second, second, 3]);
    });

    await t.step(
      "the hold and what is live outlive a restart of pgod and a lost ledger",
      async () => {
        assert.equal(await world.stop(), 0);
        await ok([
          "rm",
          "-f",
          `${world.dir}/lib/pgo.db`,
          `${world.dir}/lib/pgo.db-wal`,
          `${world.dir}/lib/pgo.db-shm`,
        ]);
        const before = (await as(ALICE, ["podman", "ps", "-q", "--no-trunc"])).stdout;
        await world.start();
        await until("it is known again", async () => (await status(world)).deployment === 2);
        assert.match((await status(world)).frozen.reason, /rollback to/);
        assert.equal((await as(ALICE, ["podman", "ps", "-q", "--no-trunc"])).stdout, before);
      },
    );

    await t.step("a ledger that cannot be read is put aside", async () => {
      assert.equal(await world.stop(), 0);
      await Deno.writeTextFile(`${world.dir}/lib/pgo.db`, "this is no database, ".repeat(500));
      await world.start();
      await until("it is known again", async () => (await status(world)).deployment === 2);
      assert.match(world.log(), /pgo\.db cannot be read .*broken-/);
      assert.equal(await page(), "two");
    });

    await t.step("rollback to a revision that was pruned goes the whole road", async () => {
      await say("unfreeze");
      await until("the third", async () => await page() === "three");
      await until("it is live", async () => (await status(world)).last.outcome === "live");
      const images = async () =>
        (await as(ALICE, ["podman", "images", "--format", "{{.Repository}}:{{.Tag}}"])).stdout;
      assert.doesNotMatch(await images(), /pgo\/shop\/web:1\b/);
      const first = await ok([
        "git",
        "-C",
        `${world.dir}/work-shop`,
        "rev-list",
        "--max-parents=0",
        "HEAD",
      ]);
      assert.match(await say("rollback", [first.slice(0, 12)]), /is live, and frozen/);
      assert.equal(await page(), "one");
    });

    await t.step("history tells all of it: who, what, from, to, steps and output", async () => {
      const lines = await say("history");
      assert.match(lines, /rollback [0-9a-f]{12} by SHA256:\S+ \(good\), deployment \d+ to \d+/);
      assert.match(lines, /unfreeze by SHA256:/);
      const { deployments } = JSON.parse(await say("history", ["--json"]));
      const [{ number, cause, outcome }] = deployments;
      assert.deepEqual([cause, outcome], ["rollback", "live"]);
      const one = JSON.parse(await say("history", ["--json", String(number)]));
      assert.match(
        one.steps.map(({ line }: { line: string }) => line).join(),
        /building web.*taking down.*starting/,
      );
      assert.match(one.output, /COMMIT localhost\/pgo\/shop\/web/);
      await say("history", ["99"], 64);
    });
  });
});

Deno.test("what dies behind pgod's back comes back, and the rest is left alone", async () => {
  await withPage(async (world, _port, page) => {
    const ids = async () =>
      Object.fromEntries(
        (await status(world)).containers.map((
          { service, name }: Record<string, string>,
        ) => [service, name]),
      );
    assert.deepEqual(Object.keys(await ids()).sort(), ["side", "web"]);
    const started = (name: string) =>
      ok([
        "sh",
        "-c",
        `runuser -u ${ALICE} -- sh -c 'cd /; XDG_RUNTIME_DIR=/run/user/$(id -u) podman inspect -f {{.State.StartedAt}} ${name}'`,
      ]);
    const side = await started("shop_side_1");
    await as(ALICE, ["podman", "rm", "-f", "-t", "0", "shop_web_1"]);
    await until("the removed one is back", async () => await page() === "one");
    await as(ALICE, ["podman", "kill", "shop_web_1"]);
    await until(
      "the killed one is back",
      async () => await page() === "one" && (await status(world)).drift.length === 0,
    );
    assert.match(world.log(), /web is gone, it is brought back/);

    await until("pgod is at rest", async () => (await status(world)).busy === null);

    // Podman goes on calling it running.
    await killMonitor("shop_web_1");
    await until("nothing answers", async () => await page() === "");
    await until("the one without its monitor is back", async () => await page() === "one");
    assert.match(world.log(), /web is without its monitor, it is brought back/);
    assert.equal(await started("shop_side_1"), side);

    const remote = `${world.dir}/shop.git`;
    await ok(["mv", remote, `${remote}.away`]);
    await until("trouble", async () => /shop\.git/.test((await status(world)).trouble));
    await as(ALICE, ["podman", "rm", "-f", "-t", "0", "shop_web_1"]);
    await until("it is back while the remote is away", async () => await page() === "one");
    await ok(["mv", `${remote}.away`, remote]);
    await until("all is well", async () => (await status(world)).trouble === null);

    assert.equal((await world.pgoctl("shop//stop", ["side"])).code, 0);
    await idleTicks(world, 3);
    assert.deepEqual((await status(world)).halted, ["side"]);
    const all = async () => JSON.parse((await world.pgoctl("shop//ps", ["--json"])).stdout);
    const states = async () =>
      (await all()).map(({ Names, State }: { Names: string[]; State: string }) =>
        `${Names[0]} ${State}`
      ).sort();
    assert.deepEqual(await states(), ["shop_side_1 exited", "shop_web_1 running"]);
    assert.equal((await world.pgoctl("shop//start", ["side"])).code, 0);
    assert.deepEqual(await states(), ["shop_side_1 running", "shop_web_1 running"]);
    assert.deepEqual((await status(world)).halted, []);
  });
});

/** Kills what watches over a container, and what forwards its ports, as an out-of-memory killer might. */
async function killMonitor(name: string): Promise<void> {
  const { stdout } = await as(ALICE, ["podman", "inspect", "--format", "{{.Id}}", name]);
  const processes = (await as(ALICE, ["ps", "-u", ALICE, "-o", "pid=,args="])).stdout.split("\n");
  const pids = processes.filter((line) => line.includes(stdout.trim()))
    .map((line) => line.trim().split(" ")[0] ?? "");
  assert.ok(pids.length > 0);
  await as(ALICE, ["kill", "-s", "KILL", ...pids]);
}

/** Waits for so many ticks in a row in which nothing happens; each starts one process, and only one. */
async function idleTicks(world: World, count: number): Promise<void> {
  const since = world.log().length;
  const ran = () => world.log().slice(since).split("running as").slice(1);
  await until(`${count} idle ticks`, () => {
    const last = ran().slice(-count);
    return Promise.resolve(
      last.length === count && last.every((line) => /\[sh -c git .*ls-remote/.test(line)),
    );
  });
}
