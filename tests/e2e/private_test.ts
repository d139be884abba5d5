/**
 * Private things end to end: a registry, Git over HTTP and SSH, variables and Podman's secrets, a shared network;
 * and that nobody else can read what opens them.
 * @module
 */
import assert from "node:assert/strict";
import { filesWith, sampleCommandLines } from "./exposure.ts";
import { serveHttp, serveSshd } from "./git_servers.ts";
import { freePort } from "./port.ts";
import { withRegistry } from "./registry.ts";
import { as, get, ok, sh, until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE, BOB] = USERS;
const secret = (name: string) => `${name}-${crypto.randomUUID().slice(0, 18)}`;

/** Pushes the base image to a private registry as `names`, and removes them from the user's Podman. */
async function publish(registry: string, password: string, names: string[]): Promise<void> {
  const auth = await as(ALICE, ["mktemp", "-d"]).then(({ stdout }) => `${stdout.trim()}/auth.json`);
  const env = {
    HOME: `/home/${ALICE}`,
    XDG_RUNTIME_DIR: `/run/user/${await ok(["id", "-u", ALICE])}`,
  };
  const login = ["podman", "login", "-q", "--authfile", auth, "-u", "deploy", "--password-stdin"];
  await ok(["runuser", "-u", ALICE, "--", ...login, registry], { env, stdin: password });
  for (const name of names) {
    for (
      const args of [["tag", BASE, name], ["push", "-q", "--authfile", auth, name], ["untag", name]]
    ) {
      const { code, stderr } = await as(ALICE, ["podman", ...args]);
      assert.equal(code, 0, stderr);
    }
  }
  await as(ALICE, ["rm", "-r", auth.replace("/auth.json", "")]);
}

function shop(port: number, registry: string, version = 1) {
  return {
    "Containerfile": `FROM ${registry}/private/base\nCOPY www /www\n`,
    "www/index.html": `page ${version}`,
    "compose.yaml": `services:
  web:
    build: .
    init: true
    command: httpd -f -p 8080 -h /www
    ports: ["${port}:8080"]
    environment: { DB_PASSWORD: "\${DB_PASSWORD}" }
    secrets: [api]
    networks: [default, shared]
  side:
    image: ${registry}/private/side
    init: true
    command: sleep 1000
secrets: { api: { external: true } }
networks: { shared: { external: true, name: pgo-shared } }
x-version: ${version}
`,
  };
}

/** Another service of the same user, which asks the first one by its name. */
const FEED = {
  "compose.yaml": `services:
  client: { image: ${BASE}, init: true, command: sleep 1000, networks: [shared] }
networks: { shared: { external: true, name: pgo-shared } }
`,
};

Deno.test("private things: pulled, built, cloned, given to containers, and nobody else sees a secret", async (t) => {
  await baseImage(ALICE);
  const port = freePort();
  const secrets = {
    registry: secret("registry"),
    token: secret("token"),
    variable: secret("variable"),
    podman: secret("podman"),
  };
  await withRegistry(ALICE, async (registry) => {
    await publish(registry, secrets.registry, [
      `${registry}/private/base`,
      `${registry}/private/side`,
    ]);
    let login = `deploy:${secrets.token}`;
    const config = ({ dir }: Pick<World, "dir">, git: string, ssh: string, more = "") =>
      `[[services]]
name = "shop"
user = "${ALICE}"
repository = "http://${git}/shop.git"
git_credentials = "${dir}/etc/token"
registries = ["${dir}/etc/registries"]
env_file = "${dir}/etc/shop.env"
secrets = ["api"]
networks = ["pgo-shared"]
ports = ["${port}/0"]
${more}
[[services]]
name = "feed"
user = "${ALICE}"
repository = "ssh://root@${ssh}${dir}/feed.git"
git_key = "${dir}/deploy"
git_known_hosts = "${dir}/etc/known_hosts"
networks = ["pgo-shared"]
ports = []
`;
    const files = { shop: shop(port, registry), feed: FEED };
    await withWorld({ files, config: () => "" }, async (world) => {
      const http = serveHttp(world.dir, () => login);
      const sshd = await serveSshd(world.dir);
      const addresses = [`127.0.0.1:${http.port}`, `127.0.0.1:${sshd.port}`] as const;
      const key = (await Deno.readTextFile(`${world.dir}/deploy`)).split("\n")[3] ?? "";
      const private_ = [
        ...Object.values(secrets),
        btoa(`deploy:${secrets.registry}`),
        btoa(login),
        key,
      ];
      await Deno.mkdir(`${world.dir}/etc`);
      const write = (name: string, text: string) =>
        Deno.writeTextFile(`${world.dir}/etc/${name}`, text, { mode: 0o600 });
      await write("token", `${login}\n`);
      await write("registries", `# ours\ndeploy:${secrets.registry}@${registry}\n`);
      await write("shop.env", `DB_PASSWORD='${secrets.variable}'\n`);
      await write("known_hosts", sshd.knownHosts);
      const uid = await ok(["id", "-u", ALICE]);
      await ok(["runuser", "-u", ALICE, "--", "podman", "secret", "create", "api", "-"], {
        stdin: secrets.podman,
        env: { HOME: `/home/${ALICE}`, XDG_RUNTIME_DIR: `/run/user/${uid}` },
      });
      const live = (name: string) => async () =>
        JSON.parse((await world.pgoctl(`${name}//status`, ["--json"])).stdout).last?.outcome ===
          "live";
      const inside = async (service: string, container: string, script: string) =>
        (await as(ALICE, ["podman", "exec", `${service}_${container}_1`, "sh", "-c", script]))
          .stdout
          .trim();
      try {
        await world.configure(config(world, ...addresses));
        const sampled = await sampleCommandLines(world.dir, [...private_, "planted-secret"]);
        await world.start();
        await until("the shop is live", live("shop"));
        await until("the feed is live", live("feed"));

        await t.step("what containers were given arrived", async () => {
          assert.equal(await get(`http://127.0.0.1:${port}/`), "page 1");
          assert.equal(await inside("shop", "web", "echo $DB_PASSWORD"), secrets.variable);
          assert.equal(await inside("shop", "web", "cat /run/secrets/api"), secrets.podman);
        });

        await t.step("services of one user reach each other by name", async () => {
          const ask = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 web 8080 | tail -n 1";
          assert.equal(await inside("feed", "client", ask), "page 1");
        });

        await t.step("no command line showed a secret, and one that does is seen", async () => {
          for (let count = 0; count < 5; count++) {
            await ok(["sh", "-c", "sleep 0.03; true", "sh", "planted-secret"]);
          }
          const { found, rounds } = await sampled();
          assert.ok(rounds > 200, `${rounds} rounds`);
          assert.ok(found.some((line) => line.includes("planted-secret")), found.join("\n"));
          const planted = found.filter((line) => line.includes("planted-secret"));
          assert.deepEqual(found.filter((line) => !planted.includes(line)), []);
        });

        await t.step("nothing that PGO says shows a secret", async () => {
          const said = [world.log()];
          for (const command of ["config", "plan", "history", "status", "history 1"]) {
            for (const json of [[], ["--json"]]) {
              const [name = "", ...args] = command.split(" ");
              const { stdout, stderr } = await world.pgoctl(`shop//${name}`, [...json, ...args]);
              assert.notEqual(stdout, "", `${command}: ${stderr}`);
              said.push(stdout, stderr);
            }
          }
          for (const text of private_) assert.ok(!said.some((one) => one.includes(text)), text);
          assert.ok(
            said.some((one) => one.includes("logging in to")),
            "the detector reads what is said",
          );
        });

        await t.step(
          "another user reads no file with a secret, nor the container's environment",
          async () => {
            const places = [world.dir, `/home/${ALICE}`, `/run/user/${uid}`, "/tmp"];
            const planted = `${world.dir}/planted`;
            await Deno.writeTextFile(planted, secrets.token, { mode: 0o644 });
            const found = await filesWith(BOB, private_, places);
            assert.deepEqual(found.filter((path) => !path.startsWith(`${world.dir}/planted`)), []);
            assert.deepEqual(found, [planted]);
            await Deno.remove(planted);
            assert.notEqual((await as(BOB, ["podman", "inspect", "shop_web_1"])).code, 0);
            assert.equal((await as(ALICE, ["podman", "inspect", "shop_web_1"])).code, 0);
          },
        );

        await t.step("on disk they are where they have to be, and nowhere else", async () => {
          const found = await filesWith("root", private_, [`${world.dir}/lib`]);
          assert.deepEqual(found.map((path) => path.replace(`${world.dir}/lib/`, "")), [
            "shop/auth.json",
            "shop/deployments/1.env.json",
          ]);
          for (const path of found) {
            assert.equal(await ok(["stat", "-c", "%U %a", path]), `${ALICE} 600`, path);
          }
          const read = (path: string) => as(ALICE, ["cat", path]);
          assert.notEqual((await read(`${world.dir}/deploy`)).code, 0);
          assert.notEqual((await read(`${world.dir}/etc/shop.env`)).code, 0);
        });

        await t.step(
          "a changed env_file is deployed, by itself; one with a mistake is not",
          async () => {
            await write("shop.env", "DB_PASSWORD\n");
            await until(
              "it is said",
              () => Promise.resolve(world.log().includes("shop.env:1: no assignment")),
            );
            assert.equal(await get(`http://127.0.0.1:${port}/`), "page 1");
            await write("shop.env", "DB_PASSWORD=another-variable\n");
            await until(
              "the container has it",
              async () => await inside("shop", "web", "echo $DB_PASSWORD") === "another-variable",
            );
          },
        );

        await t.step("names are found again after one of both was redeployed", async () => {
          await until("it is live", live("shop"));
          const ask = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 shop_web_1 8080 | tail -n 1";
          await until(
            "the name",
            async () => await inside("feed", "client", ask) === "page 1",
            5000,
          );
        });

        await t.step(
          "a registry that lets us in no more: one line, and what runs stays",
          async () => {
            await write("registries", `deploy:wrong-${secrets.token}@${registry}\n`);
            await publish(registry, secrets.registry, [`${registry}/private/new`]);
            const next = shop(port, registry, 2);
            const compose = next["compose.yaml"].replace("private/side", "private/new");
            await world.push("shop", { ...next, "compose.yaml": compose });
            const line = `registry ${registry} does not let user deploy in: `;
            await until("it is said", () => Promise.resolve(world.log().includes(line)));
            assert.ok(!world.log().includes(`wrong-${secrets.token}`));
            assert.equal(await get(`http://127.0.0.1:${port}/`), "page 1");
            await write("registries", `deploy:${secrets.registry}@${registry}\n`);
            await until(
              "the right token is used by itself",
              async () => await get(`http://127.0.0.1:${port}/`) === "page 2",
            );
          },
        );

        await t.step("a token or host key that is no more: said, and what runs stays", async () => {
          login = "deploy:another";
          await until(
            "HTTP",
            () => Promise.resolve(world.log().includes("Authentication failed for")),
          );
          const [, type] = sshd.knownHosts.split(" ");
          const other = (await Deno.readTextFile(`${world.dir}/deploy.pub`)).split(" ")[1];
          await write("known_hosts", `[127.0.0.1]:${sshd.port} ${type} ${other}\n`);
          await until(
            "SSH",
            () => Promise.resolve(world.log().includes("Host key verification failed")),
          );
          assert.equal(await get(`http://127.0.0.1:${port}/`), "page 2");
        });

        await t.step(
          "out of the config: logins go, and the network when nobody lists it",
          async () => {
            const network = async () =>
              (await as(ALICE, ["podman", "network", "exists", "pgo-shared"])).code === 0;
            const whole = config(world, ...addresses);
            await world.configure(
              whole.split("[[services]]").slice(0, 2).join("[[services]]").replace(
                /^registries.*$/m,
                "",
              ),
            );
            await world.signal("HUP");
            await until(
              "the logins are gone",
              async () => (await sh(["test", "-e", `${world.dir}/lib/shop/auth.json`])).code !== 0,
            );
            await until(
              "the feed is gone",
              () => Promise.resolve(world.log().includes('"feed" is no longer wanted')),
            );
            assert.ok(await network(), "the shop still lists it");
            await world.configure(
              `[[services]]\nname = "other"\nuser = "${ALICE}"\nrepository = "/nowhere"\n`,
            );
            await world.signal("HUP");
            await until("the network is gone", async () => !await network());
          },
        );
      } finally {
        await http.stop();
        await sshd.stop();
        await as(ALICE, ["podman", "secret", "rm", "api"]);
      }
    });
  }, { username: "deploy", password: secrets.registry });
});
