/**
 * A real pgod for measuring: as the invoking user, its services' repository local, `podman` and `podman-compose`
 * stand-ins. What is measured is pgod itself and its SSH.
 * @module
 */
import { sleep } from "../lib/host/clock.ts";
import { permittedCommand, pgodFlags, startLogging } from "../tests/e2e/pgod.ts";
import { freePort } from "../tests/e2e/port.ts";
import { ok } from "../tests/e2e/shell.ts";

/** Where a pgod runs that is measured. */
export interface MeasuredPgod {
  /** Holds `key` and `key.pub`, which may do everything. */
  dir: string;
  port: number;
  pid: number;
  /** Milliseconds from the start of its process until its port took a connection. */
  listening: number;
  /** The same to the first byte of its SSH greeting. */
  banner: number;
  /** What it has logged so far. */
  log(): string;
}

/** What `podman` is here: `ps` prints `DIR/output`, `logs` a line and no more until it is ended. */
const PODMAN = (dir: string) =>
  `#!/bin/sh
case "$1 $2" in
  "ps -a") case "$*" in *json*) echo '[{"Id":"1","Names":["s0_web_1"],"State":"running","Labels":{"com.docker.compose.service":"web"}}]';; *) exec cat ${dir}/output;; esac;;
  logs*) echo first; exec sleep 60;;
  *) exit 1;;
esac
`;

/** Makes what pgod needs for `services` services in a new directory, removed after `body`. */
export async function withPgodFiles<Value>(
  services: number,
  body: (dir: string) => Promise<Value>,
): Promise<Value> {
  const dir = await Deno.makeTempDir();
  try {
    const user = await ok(["id", "-un"]);
    await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", `${dir}/key`]);
    // A login manager has made it for anybody but root.
    const runtime = `/run/user/${await ok(["id", "-u"])}`;
    await Deno.mkdir(runtime, { recursive: true, mode: 0o700 });
    const git = (...args: string[]) =>
      ok(["git", "-C", `${dir}/repository`, "-c", "user.name=b", "-c", "user.email=b@b", ...args]);
    for (const path of ["repository/ssh", "bin"]) {
      await Deno.mkdir(`${dir}/${path}`, { recursive: true });
    }
    await git("init", "-q", "-b", "main");
    const compose = "services: { web: { image: 'docker.io/library/web:1' } }\n";
    await Deno.writeTextFile(`${dir}/repository/compose.yaml`, compose);
    await Deno.copyFile(`${dir}/key.pub`, `${dir}/repository/ssh/key.pub`);
    const role = `pgo-role="exec" ${await Deno.readTextFile(`${dir}/key.pub`)}`;
    await Deno.writeTextFile(`${dir}/repository/ssh/key.pub`, role);
    await git("add", "-A");
    await git("commit", "-q", "-m", "one");
    const mode = { mode: 0o755 };
    await Deno.writeTextFile(`${dir}/bin/podman`, PODMAN(dir), mode);
    await Deno.writeTextFile(`${dir}/bin/podman-compose`, "#!/bin/sh\nexit 1\n", mode);
    const one = (_: unknown, at: number) =>
      `[[services]]\nname = "s${at}"\nuser = "${user}"\nrepository = "file://${dir}/repository"\nports = []\n`;
    await Deno.writeTextFile(
      `${dir}/config.toml`,
      Array.from({ length: services }, one).join("\n"),
    );
    return await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs `body` beside a pgod in `dir`; ends it. */
export async function withPgod<Value>(
  dir: string,
  body: (pgod: MeasuredPgod) => Promise<Value>,
): Promise<Value> {
  const port = freePort();
  const env = { HOME: dir, PATH: `${dir}/bin:${Deno.env.get("PATH")}`, DENO_DIR: await denoDir() };
  const flags = [...pgodFlags({ dir, port }), "--root=false"];
  const argv = await permittedCommand([...flags], { env });
  let said = "";
  const started = performance.now();
  const { child, ended } = startLogging(argv, (text) => said += text, env);
  try {
    const came = await greeting(port);
    const [listening, banner] = [came.port - started, came.banner - started];
    return await body({ dir, port, pid: child.pid, listening, banner, log: () => said });
  } catch (error) {
    throw new Error(`${(error as Error).message}; pgod says: ${said.slice(-2000)}`);
  } finally {
    child.kill();
    await ended;
  }
}

/** Connects until somebody answers: when the port took a connection, and when the first byte came. */
export async function greeting(port: number): Promise<{ port: number; banner: number }> {
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(2)) {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (!socket) continue;
    const connected = performance.now();
    const got = await socket.read(new Uint8Array(1)).catch(() => null);
    socket.close();
    if (got) return { port: connected, banner: performance.now() };
  }
  throw new Error("no greeting after 60 s");
}

/** Where this Deno keeps what it has downloaded and compiled, for one that has another HOME. */
export async function denoDir(): Promise<string> {
  return JSON.parse(await ok(["deno", "info", "--json"])).denoDir;
}
