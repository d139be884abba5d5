/**
 * The services that tests deploy.
 * @module
 */
import { BASE, type Files, USERS, type World } from "./world.ts";

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
