/**
 * The permissions that `pgod permissions` prints: with any one of them missing, pgod says so.
 * @module
 */
import assert from "node:assert/strict";
import { permittedCommand, pgodFlags, startLogging } from "./pgod.ts";
import { freePort } from "./port.ts";
import { oneService, web } from "./services.ts";
import { ok, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld } from "./world.ts";

const [ALICE] = USERS;

Deno.test("root: without any one of its permissions pgod does not do its job, and one line names the flag", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  await withWorld(
    {
      files: { shop: web(port, "one") },
      config: (world) =>
        `[global]
admin_keys = "${world.dir}/good.pub"
caddy_import = "${world.dir}/proxy/pgo.caddy"
caddy_reload = ["true"]

${oneService(world, port, `env_file = "${world.dir}/shop.env"\n`)}`,
    },
    async (world) => {
      const proxy = `${world.dir}/proxy`;
      await Deno.writeTextFile(`${world.dir}/shop.env`, "A=b\n", { mode: 0o600 });
      const words = await permittedCommand(pgodFlags(world));
      const granted = words.filter((word) => /^--allow-/.test(word)).flatMap((word) => {
        const [flag = "", values = ""] = word.split("=");
        return values.split(",").map((value) => ({
          flag,
          value,
          rest: values.split(",").filter((other) => other !== value),
        }));
      }).filter(({ value }) => !["PATH", "/etc/subgid"].includes(value));
      for (const { flag, value, rest } of granted) {
        await t.step(`${flag}=${value}`, async () => {
          const args = words.slice(1).flatMap((word) =>
            word.split("=")[0] === flag
              ? rest.length > 0 ? [`${flag}=${rest.join(",")}`] : []
              : [word]
          );
          // What was written before would not be written again.
          await ok(["rm", "-rf", proxy]);
          await Deno.mkdir(proxy);
          let log = "";
          const argv = ["deno", ...args, "-t", "300ms"];
          const { child, ended } = startLogging(argv, (text) => log += text);
          const shown = async () => {
            if (value === "hostname" && log.includes("Launched servers")) {
              log += (await world.pgoctl("shop//ping")).stderr;
            }
            return log.includes(flag) || log.includes("no range in /etc/subuid");
          };
          await until(`a line with ${flag}`, shown, 15_000).catch((error) => {
            throw new Error(`${error.message}\n${log}`);
          }).finally(() => ok(["kill", "-s", "KILL", `${child.pid}`]).catch(() => {}));
          await ended;
          assert.doesNotMatch(log, /^\s+at /m);
        });
      }
    },
  );
});
