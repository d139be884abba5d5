/**
 * The services that tests deploy.
 * @module
 */
import { freePort } from "./port.ts";
import type { Files } from "./repository.ts";
import { until } from "./shell.ts";
import { BASE, baseImage, USERS } from "./users.ts";
import { withWorld, type World } from "./world.ts";

const [ALICE] = USERS;

/** A web service that shows `page`, built from its repository. */
export function web(port: number, page: string, version = 1): Files {
  return {
    "Containerfile": `FROM ${BASE}\nCOPY www /www\n`,
    "www/index.html": page,
    "docker-compose.yml": `services:
  web:
    build: { context: ., dockerfile: Containerfile }
    init: true
    command: httpd -f -p 8080 -h /www
    ports: ["${port}:8080"]
    environment: { SECRET: "\${SECRET}", PLAIN: shown }
  side:
    image: ${BASE}
    init: true
    command: ["sh", "-c", "while true; do echo tick; sleep 1; done"]
x-gpo-version: ${version}
`,
  };
}

/** A config of one service of ALICE's. */
export function oneService({ dir }: Pick<World, "dir">, port: number, more = ""): string {
  return `[[services]]
name = "shop"
user = "${ALICE}"
repository = "file://${dir}/shop.git"
ports = ["${port}/0"]
env = ["SECRET=hunter2"]
${more}`;
}

/** What `pgoctl … status --json` prints. */
export async function status(world: World) {
  return JSON.parse((await world.pgoctl("shop//status", ["--json"])).stdout);
}

/** Runs `body` while the service "shop" is live, which shows "one" at `url`. */
export async function withShop(
  body: (world: World, url: string, port: number) => Promise<void>,
): Promise<void> {
  await baseImage(ALICE);
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  await withWorld(
    { files: { shop: web(port, "one") }, config: (world) => oneService(world, port) },
    async (world) => {
      await world.start();
      await until("it is live", () => Promise.resolve(world.log().includes("is live")));
      await body(world, url, port);
    },
  );
}
