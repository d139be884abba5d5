/**
 * `deno task demo`: PGO's whole job on this machine, from an empty host to a redeploy, told as it happens.
 * @module
 */
import { fileURLToPath } from "node:url";
import { sleep } from "../lib/host/clock.ts";
import { pgoctlPermissions } from "../lib/ssh/pgoctl_manual.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const USER = "pgo-demo";
const BASE = "localhost/pgo-demo-base";
const keep = Deno.args.includes("--keep");
let dir = "";
let daemon: Deno.ChildProcess | undefined;
let log = "";

const title = (text: string) => console.log(`\n\x1b[1m== ${text}\x1b[0m`);

/** Runs a program; what it prints is returned, and shown when `show` names the command line to show. */
async function run(
  argv: string[],
  options: { show?: string; fails?: boolean; env?: Record<string, string> } = {},
): Promise<string> {
  const [program = "", ...args] = argv;
  if (options.show) console.log(`$ ${options.show}`);
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: options.env ?? {},
    cwd: "/",
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (options.show) console.log(text.trimEnd());
  if ((code !== 0) !== (options.fails ?? false)) {
    throw new Error(`${argv.join(" ")} exited with ${code}: ${text}`);
  }
  return text.trim();
}

async function asUser(...argv: string[]): Promise<string> {
  const uid = await run(["id", "-u", USER]);
  return await run(["runuser", "-u", USER, "--", ...argv], {
    env: { HOME: `/home/${USER}`, USER, XDG_RUNTIME_DIR: `/run/user/${uid}` },
  });
}

/** Waits with a dot a second until `probe` is true. */
async function until(what: string, probe: () => Promise<boolean>, seconds = 120): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`   waiting: ${what} `));
  for (let waited = 0; waited < seconds; waited++) {
    if (await probe().catch(() => false)) return console.log(" yes");
    await Deno.stdout.write(new TextEncoder().encode("."));
    await sleep(1000);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

async function page(url: string): Promise<string> {
  return (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).text()).trim();
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

const compose = (port: number, version: number, text: string) =>
  `services:
  web:
    build: { context: . }
    init: true
    command: ["sh", "-c", "mkdir -p /www && echo '${text}' > /www/index.html && exec httpd -f -v -p 8080 -h /www"]
    ports: ["${port}:8080"]
x-gpo-version: ${version}
`;

async function story(): Promise<void> {
  title("1. What rootless Podman needs, and a user for the service");
  console.log(await run(["bash", `${root}scripts/prepare-host.sh`, USER]));
  dir = await Deno.makeTempDir({ prefix: "pgo-demo-" });
  await run(["chmod", "755", dir]);
  await Deno.mkdir(`${dir}/home/.ssh`, { recursive: true });

  title("2. A base image, two keys, and a repository with one of them in ssh/");
  await Deno.mkdir(`${dir}/base`);
  await Deno.copyFile("/bin/busybox", `${dir}/base/busybox`);
  await Deno.writeTextFile(
    `${dir}/base/Containerfile`,
    'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n',
  );
  await asUser("podman", "build", "-q", "-t", BASE, `${dir}/base`);
  for (const name of ["id_good", "id_wrong"]) {
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", `${dir}/${name}`]);
  }
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  await run(["git", "init", "-q", "--bare", "-b", "main", `${dir}/demo.git`]);
  await run(["git", "clone", "-q", `${dir}/demo.git`, `${dir}/work`]);
  await Deno.mkdir(`${dir}/work/ssh`);
  await Deno.copyFile(`${dir}/id_good.pub`, `${dir}/work/ssh/id_good.pub`);
  await Deno.writeTextFile(`${dir}/work/Containerfile`, `FROM ${BASE}\n`);
  const push = async (version: number, text: string) => {
    await Deno.writeTextFile(`${dir}/work/docker-compose.yml`, compose(port, version, text));
    const git = [
      "git",
      "-C",
      `${dir}/work`,
      "-c",
      "user.name=demo",
      "-c",
      "user.email=demo@example.org",
    ];
    await run([...git, "add", "-A"]);
    await run([...git, "commit", "-q", "-m", text]);
    await run([...git, "push", "-q", "origin", "HEAD:main"]);
  };
  await push(1, "Hello from the first revision");

  title("3. The config, and pgod under exactly the permissions it needs");
  const ssh = freePort();
  const config = `[[services]]
name = "demo"
user = "${USER}"
repository = "file://${dir}/demo.git"
branch = "main"
urls = { "demo.example.org" = ":${port}" }
ports = ["${port}/0"]
`;
  await Deno.writeTextFile(`${dir}/config.toml`, config);
  console.log(config);
  const pgod = [
    `${root}pgod.ts`,
    "permissions",
    "-c",
    `${dir}/config.toml`,
    "-s",
    `127.0.0.1:${ssh}`,
    "--dir",
    `${dir}/lib`,
  ];
  const line = await run([
    "deno",
    "run",
    "-q",
    "--allow-read",
    "--allow-env",
    "--allow-sys=uid",
    ...pgod,
  ]);
  console.log(`$ ${line} -t 1s`);
  const [program = "", ...args] = line.split(" ");
  daemon = new Deno.Command(program, {
    args: [...args, "-t", "1s"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  void (async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  })(daemon.stderr);
  await until(`the container answers on ${url}`, async () => (await page(url)) !== "");
  console.log(`   ${await page(url)}`);
  await until("pgod has watched it for a while", () => Promise.resolve(log.includes("is live")));

  title("4. pgoctl with the key from the repository");
  const env = {
    HOME: `${dir}/home`,
    USER: "you",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
  };
  const pgoctl = (key: string, command: string, fails = false) =>
    run([
      "deno",
      "run",
      "-q",
      ...pgoctlPermissions(env.HOME),
      `${root}pgoctl.ts`,
      "-i",
      `${dir}/${key}`,
      "-p",
      `${ssh}`,
      `localhost:demo//${command}`,
    ], { env, fails, show: `pgoctl -i ${key} -p ${ssh} localhost:demo//${command}` });
  for (const command of ["ping", "ps", "logs"]) await pgoctl("id_good", command);

  title("5. A push that changes the compose file");
  await push(2, "Hello from the second revision");
  await until("the new page", async () => (await page(url)).includes("second"));
  console.log(`   ${await page(url)}`);
  await pgoctl("id_good", "status");

  title("6. A key that is not in the repository");
  await pgoctl("id_wrong", "ps", true);
  title("PGO did its whole job.");
  if (keep) {
    console.log(
      `Kept, as you asked: everything is in ${dir}, pgod is process ${daemon.pid}, the page is ${url}`,
    );
    console.log(
      `Try: HOME=${env.HOME} deno task pgoctl -i ${dir}/id_good -p ${ssh} localhost:demo//status`,
    );
  }
}

async function cleanUp(): Promise<void> {
  if (daemon) {
    await run(["kill", "-s", "TERM", `${daemon.pid}`]).catch(() => {});
    await daemon.status;
  }
  if (dir === "") return;
  await asUser("podman", "rm", "-af", "-t", "1").catch(() => {});
  await asUser("podman", "rmi", "-af").catch(() => {});
  await asUser("podman", "network", "prune", "-f").catch(() => {});
  await run(["rm", "-rf", dir]);
  console.log(
    `Cleaned up. What was installed stays, and so does the user ${USER} (userdel -r ${USER}).`,
  );
}

if (Deno.uid() !== 0) {
  console.error(
    "The demo needs root, on Debian 12 or newer: it installs packages and makes a user. Try: sudo npx -y deno@2 task demo",
  );
  Deno.exit(1);
}
Deno.addSignalListener("SIGINT", () => void cleanUp().finally(() => Deno.exit(130)));
try {
  await story();
  if (!keep) await cleanUp();
  Deno.exit(0);
} catch (error) {
  console.error(
    `\nThe demo failed: ${(error as Error).message}\n\nThe end of pgod's log:\n${
      log.split("\n").slice(-20).join("\n")
    }`,
  );
  await cleanUp();
  Deno.exit(1);
}
