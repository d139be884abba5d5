import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "./port.ts";
import { oneService, status, web } from "./services.ts";
import { as, get, ok, sh, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE] = USERS;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Pushes files to another branch than the one that is followed, as a merge request would be. */
async function propose(world: World, text: string): Promise<string> {
  const work = `${world.dir}/work-shop`;
  const git = ["git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.org"];
  await ok([...git, "checkout", "-q", "-B", "proposal", "origin/main"]);
  await Deno.writeTextFile(`${work}/docker-compose.yml`, text);
  await ok([...git, "commit", "-q", "-a", "--allow-empty", "-m", "proposal"]);
  await ok([...git, "push", "-q", "--force", "origin", "proposal"]);
  const revision = await ok([...git, "rev-parse", "HEAD"]);
  await ok([...git, "checkout", "-q", "main"]);
  return revision;
}

Deno.test("config, plan and judge say what would happen, to people and to pipelines", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  const files = web(port, "one");
  const compose = files["docker-compose.yml"] ?? "";
  await withWorld(
    { files: { shop: files }, config: (world) => oneService(world, port) },
    async (world) => {
      await world.start();
      await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "one");
      await until("it is live", () => Promise.resolve(world.log().includes("is live")));

      await t.step("config shows the model without the config's values", async () => {
        const { stdout, code } = await world.pgoctl("shop//config", ["--json"]);
        const { verdict, model } = JSON.parse(stdout);
        assert.deepEqual([code, verdict], [0, "allowed"]);
        assert.deepEqual(model.services.web.ports, [{
          target: "8080",
          published: `${port}`,
          protocol: "tcp",
        }]);
        assert.deepEqual(model.services.web.environment, { SECRET: null, PLAIN: "shown" });
        const text = await world.pgoctl("shop//config");
        assert.match(text.stdout, /^# allowed\nservices:\n/);
        assert.doesNotMatch(stdout + text.stdout, /hunter2/);
      });

      await t.step("plan of what is live: nothing, 0", async () => {
        const { stdout, code } = await world.pgoctl("shop//plan");
        assert.deepEqual([code, /changes nothing$/m.test(stdout)], [0, true]);
      });

      await t.step(
        "plan of a branch with a change: what and why, 10; nothing is deployed",
        async () => {
          const revision = await propose(world, compose.replace("PLAIN: shown", "PLAIN: other"));
          for (const name of ["proposal", revision, revision.slice(0, 10)]) {
            const { stdout, code, stderr } = await world.pgoctl("shop//plan", [name]);
            assert.equal(code, 10, stderr);
            assert.match(stdout, /would be deployed, in place of/);
            assert.match(
              stdout,
              /service web: changed \(environment, built from docker-compose.yml\)/,
            );
            assert.match(stdout, /service side: restarted/);
            assert.match(stdout, /file docker-compose.yml: modified/);
          }
          assert.equal((await status(world)).last.number, 1);
        },
      );

      await t.step("plan of one that is not allowed: the violation, 65", async () => {
        await propose(world, compose.replace("init: true", "privileged: true"));
        const { stdout, code } = await world.pgoctl("shop//plan", ["--json", "proposal"]);
        const { findings, deploys } = JSON.parse(stdout);
        assert.deepEqual([code, deploys], [65, false]);
        assert.deepEqual(
          findings.map(({ kind, key, allow }: Record<string, string>) => [kind, key, allow]),
          [
            ["violation", "services.web.privileged", 'allow = ["privileged"]'],
          ],
        );
      });

      await t.step("plan of nothing there is says so", async () => {
        for (const name of ["nowhere", "--upload-pack=touch /tmp/x", "0".repeat(40), "a b"]) {
          const { code, stderr } = await world.pgoctl("shop//plan", [name]);
          assert.ok([64, 70].includes(code), name);
          assert.notEqual(stderr, "");
        }
      });

      await t.step("pgod judge says the same of a directory, without users or Podman", async () => {
        const judge = (...words: string[]) =>
          sh([
            "deno",
            "run",
            "-q",
            "--no-prompt",
            "--allow-read",
            "--allow-env=PATH",
            "--allow-sys=uid",
            `${root}pgod.ts`,
            "judge",
            ...words,
          ]);
        const work = `${world.dir}/work-shop`;
        const good = await judge(work, "-c", `${world.dir}/config.toml`, "--json");
        assert.deepEqual([good.code, JSON.parse(good.stdout).verdict], [0, "allowed"], good.stderr);
        await Deno.writeTextFile(
          `${work}/docker-compose.yml`,
          compose.replace(`"${port}:8080"`, '"22:22"'),
        );
        const bad = await judge(work, "-c", `${world.dir}/config.toml`, "--service", "shop");
        assert.equal(bad.code, 65);
        assert.match(
          bad.stdout,
          /^# violation: docker-compose\.yml:6:\d+: services\.web\.ports\[0\]: host port 22 /m,
        );
        assert.equal((await judge(work)).code, 0);
        const wrong = await judge(work, "-c", `${world.dir}/config.toml`, "--service", "nope");
        assert.deepEqual([wrong.code, wrong.stderr.trim().split("\n").length], [2, 1]);
      });
    },
  );
});

Deno.test("what was judged is what runs: a link made by a container, a secret after a reboot", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  const files = web(port, "one");
  const compose = (files["docker-compose.yml"] ?? "")
    .replace("SECRET: ", "DB_PASSWORD: ")
    .replace("    ports:", "    volumes: ['./www:/www', './:/all']\n    ports:");
  const page = async () => await get(`http://127.0.0.1:${port}/`);
  await withWorld({
    files: { shop: { ...files, "docker-compose.yml": compose } },
    config: (world) => oneService(world, port, 'allow = ["nested-mounts"]'),
  }, async (world) => {
    await world.start();
    await until("the page", async () => await page() === "one");
    await until("it is live", () => Promise.resolve(world.log().includes("is live")));

    await t.step(
      "after a reboot the secret is there again, under the name the container knows",
      async () => {
        assert.equal(await world.stop(), 0);
        await as(ALICE, ["podman", "rm", "-af", "-t", "0"]);
        await world.start();
        await until("the page is back", async () => await page() === "one");
        const { stdout } = await world.pgoctl("shop//exec", [
          "web",
          "sh",
          "-c",
          "echo $DB_PASSWORD",
        ]);
        assert.equal(stdout, "hunter2\n");
      },
    );

    await t.step("a link made by a container does not lead the next deployment out", async () => {
      const script = "mv /all/www /all/old && ln -s /etc /all/www";
      assert.equal((await world.pgoctl("shop//exec", ["web", "sh", "-c", script])).code, 0);
      // Git writes the tracked folder anew, so the link is put where nothing is tracked.
      const more = "mkdir -p /all/extra && rmdir /all/extra && ln -s /etc /all/extra";
      assert.equal((await world.pgoctl("shop//exec", ["web", "sh", "-c", more])).code, 0);
      await world.push("shop", {
        "docker-compose.yml": compose.replace("'./:/all'", "'./:/all', './extra:/x'"),
      });
      await until(
        "the refusal",
        async () => !["live", "running"].includes((await status(world)).last.outcome),
      );
      const { last, deployment, checkout, deployed } = await status(world);
      assert.deepEqual([last.outcome, checkout], ["failed", deployed]);
      assert.match(last.detail, /(extra|www) leads to \/etc, outside/);
      assert.equal(deployment, 1);
      await until("the page stays", async () => await page() === "one");
    });
  });
});
