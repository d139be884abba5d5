/**
 * pgod without root: an ordinary user's Deno, and a pgod started with it.
 * @module
 */
import { fileURLToPath } from "node:url";
import { permittedCommand, pgodFlags, startLogging } from "./pgod.ts";
import { ok } from "./shell.ts";
import type { World } from "./world.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A Deno, with all modules, that any user may run. */
async function sharedDeno(dir: string): Promise<Record<string, string>> {
  await ok(["mkdir", `${dir}/deno`]);
  await ok(["cp", Deno.execPath(), `${dir}/deno/deno`]);
  const cache = { DENO_DIR: `${dir}/deno/cache` };
  await ok(["deno", "cache", "-q", `${root}pgod.ts`], { env: cache });
  const parts = ["lib", "pgod.ts", "deno.json", "deno.lock"].map((name) => `${root}${name}`);
  await ok(["cp", "-r", ...parts, `${dir}/deno/`]);
  await ok(["chmod", "-R", "a+rX", `${dir}/deno`]);
  // The module cache has an index that Deno writes to.
  await ok(["chmod", "-R", "a+w", cache.DENO_DIR]);
  return {
    ...cache,
    PATH: `${dir}/deno:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  };
}

/** Runs `body` beside a pgod of `user`'s, which has started through its own `permissions`. */
export async function withPgodAs(
  user: string,
  world: World,
  more: string[],
  body: () => Promise<void>,
): Promise<void> {
  const env = { HOME: `/home/${user}`, USER: user, ...await sharedDeno(world.dir) };
  await ok(["mkdir", `${world.dir}/own`]);
  await ok(["chown", user, `${world.dir}/own`]);
  const prefix = ["runuser", "-u", user, "--"];
  const command = await permittedCommand([...pgodFlags(world, "own"), ...more], {
    prefix,
    pgod: `${world.dir}/deno/pgod.ts`,
    env,
  });
  let log = "";
  const argv = [...prefix, ...command, "-t", "1s", "-d"];
  const { child, ended } = startLogging(argv, (text) => log += text, env);
  try {
    await body();
  } catch (error) {
    console.error(log.split("\n").slice(-40).join("\n"));
    throw error;
  } finally {
    await ok(["kill", "-s", "TERM", `${child.pid}`]);
    await ended;
  }
}
