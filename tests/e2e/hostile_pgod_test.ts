/**
 * Hostile pushes to a real pgod: a good revision serves, then comes a repository that plain podman-compose brings up
 * with its effect. pgod says what is wrong with it, and what serves goes on serving, untouched.
 * @module
 */
import assert from "node:assert/strict";
import { type Attack, attack, type Home, SECRET, withHome } from "./hostile_home.ts";
import { freePort } from "./port.ts";
import { oneService, status, web } from "./services.ts";
import { as, get, ok, until } from "./shell.ts";
import { BASE, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;
const taken = freePort();
const service = (keys: string) =>
  `services:\n  web:\n    image: ${BASE}\n    init: true\n    command: ["sh", "-c", "echo mine > /index.html; exec httpd -f -p 8080 -h /"]\n    ${keys}\n`;

function pushes({ dir, podman }: Home): Record<string, Attack> {
  const inContainer = (...argv: string[]) => podman("exec", "shop_web_1", ...argv);
  return {
    "a port of somebody else's": {
      files: { "docker-compose.yml": service(`ports: ["${taken}:8080"]`) },
      works: async () =>
        assert.equal(
          await until("the port", () => get(`http://127.0.0.1:${taken}/`), 10_000),
          "mine\n",
        ),
      refusal: new RegExp(
        `services\\.web\\.ports\\[0\\]: host port ${taken} is not this service's`,
      ),
    },
    "a folder of the host": {
      files: { "docker-compose.yml": service(`volumes: ["${dir}/host:/x"]`) },
      works: async () => assert.equal(await inContainer("cat", "/x/secret"), SECRET),
      refusal: /services\.web\.volumes\[0\]: \S+\/host is outside the service's own directories/,
    },
    "a symlink that leads out": {
      files: { "docker-compose.yml": service(`volumes: ["./data:/x"]`) },
      links: { data: `${dir}/host` },
      works: async () => assert.equal(await inContainer("cat", "/x/secret"), SECRET),
      refusal: /services\.web\.volumes\[0\]: .*(symlink|symbolic link)/i,
    },
    "an option in place of an image": {
      files: {
        "docker-compose.yml":
          `services: { web: { image: --privileged, command: "${BASE} sleep 600" } }\n`,
      },
      works: async () =>
        assert.equal(
          await podman("inspect", "shop_web_1", "--format", "{{.HostConfig.Privileged}}"),
          "true",
        ),
      refusal: /services\.web\.image: /,
    },
  };
}

const running = async () =>
  (await as(ALICE, ["podman", "ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"])).stdout;

/** Writes a file as the service's user. */
async function write(path: string, stdin: string): Promise<void> {
  await ok(["runuser", "-u", ALICE, "--", "sh", "-c", 'cat > "$1"', "sh", path], { stdin });
}

const SOCKETS = `import resource, socket, sys
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
kept = []
for port in range(10000, 20000):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.9.%s.1" % sys.argv[1], port))
    kept.append(one)
print("ready", flush=True)
sys.stdin.read()`;

/** Has another user open 40,000 sockets, about which ss prints 5 MB, until it is disposed of. */
async function sockets(): Promise<AsyncDisposable> {
  const children = ["1", "2", "3", "4"].map((net) =>
    new Deno.Command("runuser", {
      args: ["-u", BOB, "--", "/usr/bin/python3", "-c", SOCKETS, net],
      stdin: "piped",
      stdout: "piped",
    }).spawn()
  );
  for (const { stdout } of children) {
    const { value } = await stdout.getReader().read();
    assert.match(new TextDecoder().decode(value), /^ready/);
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const { stdin, status } of children) {
        await stdin.close();
        await status;
      }
    },
  };
}

/** Pushes it after what serves now, and sees that nothing but the verdict changes. */
async function refused(world: World, url: string, { files, links = {}, refusal }: Attack) {
  const before = { ...await status(world), running: await running() };
  for (const [path, target] of Object.entries(links)) {
    await Deno.symlink(target, `${world.dir}/work-shop/${path}`);
  }
  const revision = await world.push("shop", files);
  const { trouble, tip } = await until("the verdict", async () => {
    const now = await status(world);
    return now.trouble?.startsWith(revision.slice(0, 12)) && now;
  });
  assert.equal(tip, revision);
  assert.match(trouble, refusal);
  assert.match(world.log(), refusal);
  const up = await world.pgoctl("shop//up");
  assert.equal(up.code, 70);
  assert.match(up.stderr, refusal);
  const { deployed, deployment, checkout } = await status(world);
  assert.deepEqual([deployed, deployment, checkout], [
    before.deployed,
    before.deployment,
    before.checkout,
  ]);
  assert.equal(await running(), before.running);
  assert.equal(await get(url), "good");
  assert.equal(await get(`http://127.0.0.1:${taken}/`), "");
}

Deno.test("pgod refuses what podman-compose would have done, and the good revision goes on serving", async (t) => {
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  await withHome(ALICE, async (home) => {
    await withWorld({
      files: { shop: web(port, "good") },
      config: (world) => oneService(world, port),
    }, async (world) => {
      await world.start();
      await until("the good page", async () => await get(url) === "good");
      await until("its deployment", async () => (await status(world)).deployment === 1);
      for (const [what, one] of Object.entries(pushes(home))) {
        await t.step(`${what}: without PGO it works`, () => attack(home, one));
        await t.step(`${what}: with PGO it is refused`, () => refused(world, url, one));
      }
      await t.step(
        "ONBUILD of an image: without PGO it writes to the host, with PGO it is refused",
        async () => {
          const image = `${BASE}-onbuild`;
          const owned = `${home.dir}/host/owned`;
          const id = `${"../".repeat(12)}${home.dir.slice(1)}/host`;
          await Deno.mkdir(`${home.dir}/onbuild`);
          const file = `${home.dir}/onbuild/Containerfile`;
          const build = (...more: string[]) =>
            ok(["runuser", "-u", ALICE, "--", "podman", "build", "-q", ...more]);
          const onbuild = `ONBUILD RUN --mount=type=cache,id=${id},target=/m touch /m/owned\n`;
          await Deno.writeTextFile(file, `FROM ${BASE}\n${onbuild}`);
          await build("--format", "docker", "-t", image, `${home.dir}/onbuild`);
          await Deno.writeTextFile(file, `FROM ${image}\n`);
          await build("--no-cache", `${home.dir}/onbuild`);
          await Deno.remove(owned);
          await world.push("shop", {
            "docker-compose.yml": "services: { web: { build: . } }\n",
            Containerfile: `FROM ${image}\n`,
          });
          await until("the verdict", () => Promise.resolve(/has ONBUILD/.test(world.log())));
          await assert.rejects(Deno.stat(owned), Deno.errors.NotFound);
          assert.equal(await get(url), "good");
        },
      );
      await using _ = await sockets();
      await t.step("what it makes of its deployment's files keeps pgod from nothing", async () => {
        const at = `${world.dir}/lib/shop/deployments/1`;
        const [start, run] = [`${at}.start.json`, `${at}.run.yaml`];
        const good = [await Deno.readTextFile(start), await Deno.readTextFile(run)];
        const published = Array(140_000).fill({ port, protocol: "tcp" });
        await write(start, JSON.stringify({ groups: [], wanted: [{ published }] }));
        const page = await world.pgoctl("shop//ports", ["--json"]);
        assert.equal(page.code, 0, page.stderr);
        const [{ containers, stranger }] = JSON.parse(page.stdout).ports;
        assert.deepEqual([containers.length, stranger], [1, false]);
        assert.match(world.log(), /1\.start\.json is not what pgod wrote, and is ignored/);
        const keys = Array.from({ length: 330_000 }, (_, key) => ` k${key}:\n`);
        await Deno.remove(start);
        await write(run, `services:\n${keys.join("")}`);
        assert.equal((await status(world)).deployment, 1);
        assert.equal(await get(url), "good");
        await write(run, good[1] ?? "");
        await write(start, good[0] ?? "");
      });
      await t.step("a good push comes through again, past 40,000 sockets of others", async () => {
        await world.push("shop", web(port, "better", 2));
        await until("the better page", async () => await get(url) === "better");
      });
    });
  });
});
