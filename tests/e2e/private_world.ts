/**
 * A host whose services need everything that is private: a registry, repositories behind HTTP and SSH, variables of a
 * file, a secret of Podman's, and a network that both services are in.
 * @module
 */
import { type GitServer, serveHttp, serveSshd } from "./git_servers.ts";
import { withRegistry } from "./registry.ts";
import { as, ok } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE] = USERS;

/** What nobody else may see, by what it opens. */
export interface Secrets {
  registry: string;
  token: string;
  variable: string;
  podman: string;
}

/** The private host. */
export interface PrivateWorld extends World {
  registry: string;
  secrets: Secrets;
  /** Every text that must show nowhere: the secrets, as they are and as they travel, and a line of the deploy key. */
  sought: string[];
  /** The config with both services. */
  config: string;
  /** What the Git server behind HTTP lets in; changing it locks PGO out. */
  http: { login: string };
  /** The line of the SSH server in known_hosts. */
  knownHosts: string;
  /** Writes a file of secrets of root's. */
  write(name: "known_hosts" | "registries" | "shop.env", text: string): Promise<void>;
  /** Pushes the base image to the registry as `registry/private/NAME`; it is then on no host. */
  publish(name: string): Promise<void>;
  /** What a script prints in a container. */
  inside(container: string, script: string): Promise<string>;
}

/** The repository of the service "shop", which publishes `port`. */
export function shop(port: number, registry: string, version = 1, side = "side") {
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
    image: ${registry}/private/${side}
    init: true
    command: sleep 1000
secrets: { api: { external: true } }
networks: { shared: { external: true, name: pgo-shared } }
x-version: ${version}
`,
  };
}

const FEED = {
  "compose.yaml": `services:
  client: { image: ${BASE}, init: true, command: sleep 1000, networks: [shared] }
networks: { shared: { external: true, name: pgo-shared } }
`,
};

function configOf(dir: string, port: number, http: GitServer, sshd: GitServer): string {
  return `[[services]]
name = "shop"
user = "${ALICE}"
repository = "http://127.0.0.1:${http.port}/shop.git"
git_credentials = "${dir}/etc/token"
registries = ["${dir}/etc/registries"]
env_file = "${dir}/etc/shop.env"
secrets = ["api"]
networks = ["pgo-shared"]
ports = ["${port}/0"]

[[services]]
name = "feed"
user = "${ALICE}"
repository = "ssh://root@127.0.0.1:${sshd.port}${dir}/feed.git"
git_key = "${dir}/deploy"
git_known_hosts = "${dir}/etc/known_hosts"
networks = ["pgo-shared"]
ports = []
`;
}

/** Podman of the first user, with something on its stdin. */
async function podman(args: readonly string[], stdin: string): Promise<void> {
  const uid = await ok(["id", "-u", ALICE]);
  const env = { HOME: `/home/${ALICE}`, XDG_RUNTIME_DIR: `/run/user/${uid}` };
  await ok(["runuser", "-u", ALICE, "--", "podman", ...args], { env, stdin });
}

async function publish(registry: string, password: string, name: string): Promise<void> {
  const dir = (await as(ALICE, ["mktemp", "-d"])).stdout.trim();
  const image = `${registry}/private/${name}`;
  const auth = ["--authfile", `${dir}/auth.json`];
  await podman(["login", ...auth, "-u", "deploy", "--password-stdin", registry], password);
  await podman(["tag", BASE, image], "");
  await podman(["push", "-q", ...auth, image], "");
  await podman(["untag", image, image], "");
  await as(ALICE, ["rm", "-r", dir]);
}

/** Runs `body` on a private host whose pgod has not been started yet. */
export async function withPrivateWorld(
  port: number,
  body: (world: PrivateWorld) => Promise<void>,
): Promise<void> {
  await baseImage(ALICE);
  const secret = (name: string) => `${name}-${crypto.randomUUID().slice(0, 18)}`;
  const secrets: Secrets = {
    registry: secret("registry"),
    token: secret("token"),
    variable: secret("variable"),
    podman: secret("podman"),
  };
  const account = { username: "deploy", password: secrets.registry };
  await withRegistry(ALICE, async (registry) => {
    for (const name of ["base", "side"]) await publish(registry, secrets.registry, name);
    const files = { shop: shop(port, registry), feed: FEED };
    await withWorld({ files, config: () => "" }, async (world) => {
      const gate = { login: `deploy:${secrets.token}` };
      const http = serveHttp(world.dir, () => gate.login);
      const sshd = await serveSshd(world.dir);
      await Deno.mkdir(`${world.dir}/etc`);
      const write = (name: string, text: string) =>
        Deno.writeTextFile(`${world.dir}/etc/${name}`, text, { mode: 0o600 });
      await write("token", `${gate.login}\n`);
      await write("registries", `# ours\ndeploy:${secrets.registry}@${registry}\n`);
      await write("shop.env", `DB_PASSWORD='${secrets.variable}'\n`);
      await write("known_hosts", sshd.knownHosts);
      await podman(["secret", "create", "api", "-"], secrets.podman);
      const key = (await Deno.readTextFile(`${world.dir}/deploy`)).split("\n")[3] ?? "";
      const logins = [gate.login, `deploy:${secrets.registry}`].map(btoa);
      const config = configOf(world.dir, port, http, sshd);
      await world.configure(config);
      try {
        await body({
          ...world,
          registry,
          secrets,
          sought: [...Object.values(secrets), ...logins, key],
          config,
          http: gate,
          knownHosts: sshd.knownHosts,
          write,
          publish: (name) => publish(registry, secrets.registry, name),
          inside: async (container, script) =>
            (await as(ALICE, ["podman", "exec", container, "sh", "-c", script])).stdout.trim(),
        });
      } finally {
        await http.stop();
        await sshd.stop();
        await as(ALICE, ["podman", "secret", "rm", "api"]);
      }
    });
  }, account);
}
