/**
 * The repository of the demo's service: a web page in a compose file, and one public key in `ssh/`.
 * @module
 */
import type { Run } from "./run.ts";
import { asUser } from "./user.ts";

const BASE = "localhost/pgo-demo-base";

const compose = (port: number, version: number, text: string) =>
  `services:
  web:
    build: { context: . }
    init: true
    command: ["sh", "-c", "mkdir -p /www && echo '${text}' > /www/index.html && exec httpd -f -v -p 8080 -h /www"]
    ports: ["${port}:8080"]
x-gpo-version: ${version}
`;

/** Commits the page `text` and pushes it. */
export type Push = (version: number, text: string) => Promise<void>;

/** Builds the image that everything is built from: Debian's static busybox and nothing else. */
export async function buildBase(run: Run, dir: string): Promise<void> {
  await Deno.mkdir(`${dir}/base`);
  await Deno.copyFile("/bin/busybox", `${dir}/base/busybox`);
  await Deno.writeTextFile(
    `${dir}/base/Containerfile`,
    'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n',
  );
  await asUser(run, "podman", "build", "-q", "-t", BASE, `${dir}/base`);
}

/** Makes `demo.git` in `dir`, where the keys are; its page is to be published on `port`. */
export async function createRepository(run: Run, dir: string, port: number): Promise<Push> {
  const work = `${dir}/work`;
  await run(["git", "init", "-q", "--bare", "-b", "main", `${dir}/demo.git`]);
  await run(["git", "clone", "-q", `${dir}/demo.git`, work]);
  await Deno.mkdir(`${work}/ssh`);
  await Deno.copyFile(`${dir}/id_good.pub`, `${work}/ssh/id_good.pub`);
  await Deno.writeTextFile(`${work}/Containerfile`, `FROM ${BASE}\n`);
  const git = ["git", "-C", work, "-c", "user.name=demo", "-c", "user.email=demo@example.org"];
  return async (version, text) => {
    await Deno.writeTextFile(`${work}/docker-compose.yml`, compose(port, version, text));
    await run([...git, "add", "-A"]);
    await run([...git, "commit", "-q", "-m", text]);
    await run([...git, "push", "-q", "origin", "HEAD:main"]);
  };
}
