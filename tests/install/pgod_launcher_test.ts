/**
 * The installed pgod, started as people start it.
 * @module
 */
import assert from "node:assert/strict";
import { LONG_VERSION } from "../../lib/version.ts";
import { withInstalled } from "./installed.ts";

const COMPOSE = "services: { web: { image: docker.io/library/nginx } }\n";

Deno.test("the installed pgod carries out each of its commands, and nothing else", (t) =>
  withInstalled(async ({ dir, run }) => {
    const pgod = (...words: string[]) => run("sbin/pgod", words);
    const config = `${dir}/etc/pgo.toml`;
    await Deno.mkdir(`${dir}/etc`);
    await Deno.writeTextFile(config, "");
    const repository = async (name: string, compose: string, more = "") => {
      await Deno.mkdir(`${dir}/${name}`);
      await Deno.writeTextFile(`${dir}/${name}/compose.yaml`, compose);
      // What a shell that ran a verdict in JSON would start.
      if (more) await Deno.writeTextFile(`${dir}/${name}/{`, more);
      return `${dir}/${name}`;
    };
    const mine = await repository("mine", COMPOSE);

    await t.step("judge: an allowed repository, and the one it is called in", async () => {
      const { code, stdout, stderr } = await pgod("judge", mine);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^# allowed\n/);
      const here = await run("sbin/pgod", ["judge", "."], { cwd: mine });
      assert.deepEqual(here, { code, stdout, stderr });
    });
    await t.step("judge: a refused one", async () => {
      const wrong = await repository("wrong", COMPOSE.replace("image", "privileged: true, image"));
      const { code, stdout, stderr } = await pgod("judge", wrong);
      assert.deepEqual([code, stderr], [65, ""]);
      assert.match(stdout, /^# refused: 1 finding\n/);
    });
    await t.step("judge --json: no file of the repository is run", async () => {
      const evil = await repository("evil", COMPOSE, 'console.log("ran")\n');
      for (const words of [["judge", evil, "--json"], ["judge", "--json", "."]]) {
        const { code, stdout, stderr } = await run("sbin/pgod", words, { cwd: evil });
        assert.deepEqual([code, stderr], [0, ""]);
        assert.equal(JSON.parse(stdout).verdict, "allowed");
      }
    });

    for (const words of [["-v"], ["--version"], ["-vv"], ["-v", "judge", mine]]) {
      await t.step(`${words[0]} ${words.length}: the version`, async () => {
        const { code, stdout, stderr } = await pgod(...words);
        assert.deepEqual([code, stderr], [0, ""]);
        assert.ok(stdout.startsWith(`pgod ${LONG_VERSION} (`), stdout);
        assert.equal(stdout.split("\n").length, 2);
      });
    }
    const helps = [["-h"], ["-hv"], ["judge", "--help"], ["permissions", "-h"], ["add", "--help"]];
    for (const words of [...helps, ["remove", "-h"]]) {
      await t.step(`${words.join(" ")}: help`, async () => {
        const { code, stdout, stderr } = await pgod(...words);
        assert.deepEqual([code, stderr], [0, ""]);
        assert.match(stdout, /^pgod(-add|-remove)?: .*\n\nusage: pgod/);
      });
    }

    await t.step("a wrong command line is one line, and exit code 2", async () => {
      for (const words of [[], ["frob", "-c", config], ["-c", config, "permissions"]]) {
        const { code, stdout, stderr } = await pgod(...words);
        assert.deepEqual([code, stdout], [2, ""]);
        assert.match(stderr, /^pgod: [^\n]*expected[^\n]*\n$/);
      }
    });

    await t.step("permissions: a line that starts it, where no Deno is on the PATH", async () => {
      const { code, stdout, stderr } = await pgod("permissions", "-c", config);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(
        stdout,
        /^\/\S+\/lib\/pgo\/deno run --no-prompt .* --allow-net=\[::\]:2222 .*\n$/,
      );
      const asked = await pgod("permissions", "judge", mine, "--json");
      assert.match(asked.stdout, / --allow-read \/\S+\/lib\/pgo\/pgod\.js\n$/);
      const line = `${asked.stdout.trim()} judge "$0"`;
      const command = new Deno.Command("sh", { args: ["-c", line, mine], clearEnv: true });
      assert.match(new TextDecoder().decode((await command.output()).stdout), /^# allowed\n/);
    });

    await t.step(
      "may-reload: whether what runs may read what its config names by now",
      async () => {
        const asked = await pgod("permissions", "-c", config, "--dir", "/srv/p");
        const flags = asked.stdout.trim().split(" ").slice(1);
        // It waits under the command line that pgod has.
        const running = new Deno.Command("sh", { args: ["-c", "read _", ...flags], stdin: "piped" })
          .spawn();
        const may = () => run("lib/pgo/may-reload", [`${running.pid}`]);
        assert.deepEqual(await may(), { code: 0, stdout: "", stderr: "" });
        await Deno.writeTextFile(config, `[global]\nadmin_keys = "${dir}/etc/the admins"\n`);
        assert.deepEqual(await may(), {
          code: 1,
          stdout: "",
          stderr:
            `pgod was not started with --allow-read=${dir}/etc/the admins: systemctl restart pgod (containers do not notice)\n`,
        });
        await Deno.writeTextFile(config, "");
        await running.stdin.close();
        await running.status;
      },
    );

    await t.step({
      name: "urls, check and ports, from cron and without any PATH",
      ignore: Deno.uid() !== 0,
      fn: async () => {
        for (const env of [{ PATH: "/usr/bin:/bin" }, {}] as Record<string, string>[]) {
          const started = (...words: string[]) =>
            run("sbin/pgod", words, { env: { ...env, DENO_DIR: "/dev/null" } });
          const urls = { code: 0, stdout: "URL  TARGET  SERVICE\n", stderr: "" };
          assert.deepEqual(await started("urls", "-c", config), urls);
          const { code, stderr } = await started("check", "-c", config);
          assert.match(stderr, /^warning: the config names no service: [^\n]*\n$/);
          assert.equal(code, 0);
          const ports = await started("ports", "--free", "1", "-c", config);
          assert.deepEqual([ports.code, ports.stderr], [0, ""]);
          assert.match(ports.stdout, /^\d+\/0/);
        }
      },
    });

    await t.step(
      "compiled code goes to one cache of PGO's",
      async () => {
        await run("sbin/pgod", ["urls", "-c", config], { env: { HOME: dir } });
        assert.ok((await Deno.stat(`${dir}/.cache/pgo`)).isDirectory);
      },
    );
  }));
