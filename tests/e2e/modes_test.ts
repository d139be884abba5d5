import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { as, get, ok, until } from "./shell.ts";
import { oneService, web } from "./services.ts";
import { baseImage, freePort, USERS, withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** A Deno, with all modules, that any user may run. */
async function sharedDeno(dir: string): Promise<Record<string, string>> {
  await ok(["mkdir", `${dir}/deno`]);
  await ok(["cp", Deno.execPath(), `${dir}/deno/deno`]);
  const cache = { DENO_DIR: `${dir}/deno/cache` };
  await ok(["deno", "cache", "-q", `${root}pgod.ts`], { env: { DENO_DIR: cache.DENO_DIR } });
  await ok([
    "cp",
    "-r",
    `${root}lib`,
    `${root}pgod.ts`,
    `${root}deno.json`,
    `${root}deno.lock`,
    `${dir}/deno/`,
  ]);
  await ok(["chmod", "-R", "a+rX", `${dir}/deno`]);
  // The module cache has an index that Deno writes to.
  await ok(["chmod", "-R", "a+w", cache.DENO_DIR]);
  return {
    ...cache,
    PATH: `${dir}/deno:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  };
}

/** Starts pgod as `user` through its own `permissions`; `body` gets its log. */
async function withPgod(
  world: World,
  user: string,
  more: string[],
  body: (log: () => string) => Promise<void>,
): Promise<void> {
  const env = { HOME: `/home/${user}`, USER: user, ...await sharedDeno(world.dir) };
  const flags = [
    "-c",
    `${world.dir}/config.toml`,
    "-s",
    `127.0.0.1:${world.port}`,
    "--dir",
    `${world.dir}/own`,
    ...more,
  ];
  await ok(["mkdir", `${world.dir}/own`]);
  await ok(["chown", user, `${world.dir}/own`]);
  const pgod = `${world.dir}/deno/pgod.ts`;
  const line = await ok([
    "runuser",
    "-u",
    user,
    "--",
    "deno",
    "run",
    "-q",
    "--allow-env",
    "--allow-read",
    "--allow-sys=uid",
    pgod,
    "permissions",
    ...flags,
  ], { env });
  const child = new Deno.Command("runuser", {
    args: ["-u", user, "--", ...line.split(" "), "-t", "1s", "-d"],
    env,
    clearEnv: true,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  const reading = (async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  })(child.stderr);
  try {
    await body(() => log);
  } catch (error) {
    console.error(log.split("\n").slice(-40).join("\n"));
    throw error;
  } finally {
    await ok(["kill", "-s", "TERM", `${child.pid}`]);
    await child.status;
    await reading;
  }
}

Deno.test("--root=false: the whole job as the invoking user", async () => {
  await baseImage(ALICE);
  const port = freePort();
  await withWorld(
    { files: { shop: web(port, "one") }, config: (world) => oneService(world, port) },
    (world) =>
      withPgod(world, ALICE, ["--root=false"], async () => {
        await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "one");
        assert.match((await world.pgoctl("shop//ps")).stdout, /shop_web_1/);
        await world.push("shop", web(port, "two", 2));
        await until("the new page", async () => await get(`http://127.0.0.1:${port}/`) === "two");
      }),
  );
});

Deno.test("not root: the whole job through sudo, as another user", async () => {
  await baseImage(ALICE);
  const port = freePort();
  const sudoers = "/etc/sudoers.d/pgo-e2e";
  await Deno.writeTextFile(sudoers, `${BOB} ALL=(${ALICE}) NOPASSWD:SETENV: ALL\n`, {
    mode: 0o440,
  });
  try {
    await withWorld({
      files: { shop: web(port, "one") },
      config: (world) => oneService(world, port),
    }, (world) =>
      withPgod(world, BOB, [], async () => {
        await until("the page", async () => await get(`http://127.0.0.1:${port}/`) === "one");
        const { stdout } = await as(ALICE, ["podman", "ps", "--format", "{{.Names}}"]);
        assert.match(stdout, /shop_web_1/);
        assert.equal(
          (await world.pgoctl("shop//exec", ["web", "sh", "-c", "echo $SECRET; exit 3"])).code,
          3,
        );
        await world.push("shop", web(port, "two", 2));
        await until("the new page", async () => await get(`http://127.0.0.1:${port}/`) === "two");
      }));
  } finally {
    await ok(["rm", sudoers]);
  }
});

Deno.test("root: without any one of its permissions pgod does not do its job, and one line names the flag", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  await withWorld(
    { files: { shop: web(port, "one") }, config: (world) => oneService(world, port) },
    async (world) => {
      const flags = [
        "-c",
        `${world.dir}/config.toml`,
        "-s",
        `127.0.0.1:${world.port}`,
        "--dir",
        `${world.dir}/lib`,
      ];
      const line = await ok([
        "deno",
        "run",
        "-q",
        "--allow-env",
        "--allow-read",
        "--allow-sys=uid",
        `${root}pgod.ts`,
        "permissions",
        ...flags,
      ]);
      const words = line.split(" ");
      const granted = words.filter((word) => /^--allow-/.test(word)).flatMap((word) => {
        const [flag = "", values = ""] = word.split("=");
        return values.split(",").map((value) => ({
          flag,
          value,
          rest: values.split(",").filter((other) => other !== value),
        }));
      }).filter(({ value }) => !["LOG_STREAM", "PATH", "/etc/subgid"].includes(value));
      for (const { flag, value, rest } of granted) {
        await t.step(`${flag}=${value}`, async () => {
          const args = words.slice(1).flatMap((word) =>
            word.split("=")[0] === flag
              ? rest.length > 0 ? [`${flag}=${rest.join(",")}`] : []
              : [word]
          );
          const child = new Deno.Command("deno", {
            args: [...args, "-t", "300ms"],
            stdin: "null",
            stdout: "null",
            stderr: "piped",
          }).spawn();
          let log = "";
          const reading = (async (stream) => {
            for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
          })(child.stderr);
          const shown = async () => {
            if (value === "hostname" && log.includes("Launched servers")) {
              log += (await world.pgoctl("shop//ping")).stderr;
            }
            return log.includes(flag) || log.includes("no range in /etc/subuid");
          };
          await until(`a line with ${flag}`, shown, 15_000).catch((error) => {
            throw new Error(`${error.message}\n${log}`);
          }).finally(() => ok(["kill", "-s", "KILL", `${child.pid}`]).catch(() => {}));
          await child.status;
          await reading;
          assert.doesNotMatch(log, /^\s+at /m);
        });
      }
    },
  );
});
