/**
 * What `deno task install` puts on a host does the whole job by itself, without npm, and goes again.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { EVENTS } from "../../lib/events.ts";
import { pgodFlags, startLogging } from "./pgod.ts";
import { freePort } from "./port.ts";
import { oneService, web } from "./services.ts";
import { denoDir, ok, sh, until } from "./shell.ts";
import { baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const [ALICE] = USERS;

/** Listens where systemd would, and prints what it is told. */
const LISTENER = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), file=sys.stderr, flush=True)
`;

async function task(dir: string, name: "install" | "uninstall"): Promise<void> {
  const words = ["--prefix", `${dir}/usr`, "--sysconfdir", `${dir}/etc`];
  await ok(["sh", "-c", 'cd "$0" && exec deno task -q "$@"', ROOT, name, ...words], {
    env: { DENO_DIR: denoDir() },
  });
}

/** An installed program by its path; tests themselves may start those on the PATH only. */
const installed = (path: string) => ["sh", "-c", 'exec "$0" "$@"', path];

/**
 * The same, with what the unit takes away: systemd itself does not run here. It is done as systemd does it, by mounts
 * and the bounding set, and all that is started inherits it.
 */
const HARDENED = `for place in /usr /etc /boot; do
  mount --bind $place $place && mount -o remount,bind,ro $place
done
! touch /usr/written 2> /dev/null && exec setpriv --bounding-set "$0" "$@"`;

function hardened(unit: string, path: string): string[] {
  const [, list = ""] = /^CapabilityBoundingSet=~(.*)$/m.exec(unit) ?? [];
  const capabilities = list.split(" ").map((name) => name.replace("CAP_", "-").toLowerCase());
  assert.ok(capabilities.length > 10 && unit.includes("\nProtectSystem=full\n"));
  const words = ["unshare", "-m", "sh", "-c", HARDENED, capabilities.join(","), path];
  return ["sh", "-c", 'exec "$0" "$@"', ...words];
}

async function files(dir: string): Promise<string[]> {
  return (await ok(["sh", "-c", 'cd "$0" && ls -d $(find . -type f)', dir])).split("\n");
}

Deno.test("install brings a pgod and a pgoctl that need nothing else; uninstall leaves config and data", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  const setup = {
    files: { shop: web(port, "one") },
    config: (world: Pick<World, "dir">) => oneService(world, port),
  };
  await withWorld(setup, async (world) => {
    const own = `${world.dir}/own`;
    const unit = `${own}/usr/lib/systemd/system/pgod.service`;
    await task(own, "install");
    const brought = await files(own);

    await t.step("the unit is one that systemd understands, and the config is valid", async () => {
      const verified = await sh(["systemd-analyze", "verify", "--man=no", unit]);
      assert.deepEqual(verified, { code: 0, stdout: "", stderr: "" });
      const checked = await sh([
        ...installed(`${own}/usr/sbin/pgod`),
        "check",
        "-c",
        `${own}/etc/pgo.toml`,
      ]);
      assert.deepEqual([checked.code, checked.stdout], [0, ""]);
      assert.match(checked.stderr, /^warning: the config names no service: [^\n]*\n$/);
      const wrong = await sh([
        ...installed(`${own}/usr/sbin/pgod`),
        "check",
        "-c",
        `${own}/etc/none.toml`,
      ]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /there is no such file/);
    });

    const cache = await Deno.makeTempDir();
    const env = { HOME: `${world.dir}/home`, PATH: Deno.env.get("PATH") ?? "", DENO_DIR: cache };
    const socket = `${world.dir}/notify`;
    let told = "";
    let log = "";
    const systemd = startLogging(["python3", "-c", LISTENER, socket], (text) => told += text);
    await until("somebody listens", () => Deno.stat(socket).catch(() => undefined));
    const words = [
      ...pgodFlags(world),
      "-d",
      "-t",
      "1s",
      "--log-format",
      "json",
      "--notify",
      socket,
    ];
    const start = hardened(await Deno.readTextFile(unit), `${own}/usr/sbin/pgod`);
    const pgod = startLogging([...start, ...words], (text) => log += text, env);
    try {
      await t.step(
        "under the unit's restrictions pgod deploys, and tells systemd that it is ready and lives",
        async () => {
          await until("it is live", () => Promise.resolve(log.includes("deployment.live")));
          await until("signs", () => Promise.resolve(/READY=1[^]*WATCHDOG=1/.test(told)));
          assert.match(told, /STATUS=1 services, ssh on 127\.0\.0\.1:/);
        },
      );

      await t.step("pgoctl reaches it, with its own exit codes", async () => {
        const pgoctl = (key: string, target: string) =>
          sh([
            ...installed(`${own}/usr/bin/pgoctl`),
            ...["-p", `${world.port}`, "-i", world.key(key), `127.0.0.1:shop//${target}`],
          ], { env });
        const ping = await pgoctl("good", "ping");
        assert.equal(ping.code, 0, ping.stderr);
        assert.match(ping.stdout, /^pong! - /);
        assert.match((await pgoctl("good", "ps")).stdout, /shop_web_1/);
        assert.equal((await pgoctl("wrong", "ping")).code, 77);
      });

      await t.step("pgoctl init, packed in the same file, makes a repository ready", async () => {
        const init = 'mkdir -p "$1" && cd "$1" && git init -q && exec "$0" init 127.0.0.1:new';
        await ok(["sh", "-c", init, `${own}/usr/bin/pgoctl`, `${world.dir}/new`], { env });
        assert.deepEqual(await files(`${world.dir}/new/ssh`), ["./pgo_new.pub"]);
      });

      await t.step(
        "every line is an event; those of a deployment name it, its programs' too",
        () => {
          const lines = log.trim().split("\n").map((line) => JSON.parse(line));
          for (const { event, service, deployment } of lines) {
            assert.ok(event in EVENTS, event);
            if (deployment !== undefined) assert.equal(service, "shop");
          }
          const up = lines.filter(({ event, message }) =>
            event === "program.started" && / up -d/.test(message)
          );
          assert.deepEqual(up.map(({ service, deployment }) => [service, deployment]), [[
            "shop",
            1,
          ]]);
        },
      );

      await t.step("nothing was fetched: Deno's cache holds no packages", async () => {
        assert.deepEqual((await files(cache)).filter((path) => /npm|remote/.test(path)), []);
      });
    } finally {
      await sh(["kill", "-s", "TERM", `${pgod.child.pid}`]);
      await pgod.ended;
      await ok(["kill", "-s", "KILL", `${systemd.child.pid}`]);
      await systemd.ended;
    }
    assert.match(told, /STOPPING=1/);
    assert.equal((await pgod.child.status).code, 0, log);

    await t.step(
      "install keeps the config that is there, uninstall too, and nothing else",
      async () => {
        await Deno.writeTextFile(`${own}/etc/pgo.toml`, "# mine\n");
        await task(own, "install");
        assert.deepEqual(await files(own), brought);
        await task(own, "uninstall");
        assert.deepEqual(await files(own), ["./etc/pgo.toml"]);
        assert.equal(await Deno.readTextFile(`${own}/etc/pgo.toml`), "# mine\n");
      },
    );
  });
});
