/**
 * A host of its own for a test: repositories, keys, a config, and a real pgod under its real permissions.
 * @module
 */
import { fileURLToPath } from "node:url";
import { pgoctlPermissions } from "../../lib/ssh/pgoctl_manual.ts";
import { as, ok, type Result, sh, until } from "./shell.ts";

/** The users that `deno task test` makes ready. */
export const USERS = ["pgo-e2e-a", "pgo-e2e-b"] as const;
/** The image everything is built from: Debian's static busybox and nothing else. */
export const BASE = "localhost/pgo-e2e-base";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files of a commit, by path; undefined removes one. */
export type Files = Record<string, string | undefined>;

/** A test's host. */
export interface World {
  dir: string;
  /** SSH port of its pgod. */
  port: number;
  /** What pgod has logged so far. */
  log(): string;
  /** Commits files to a service's repository and pushes; returns the revision. */
  push(service: string, files: Files, options?: { amend?: boolean }): Promise<string>;
  /** Runs pgoctl as a real process. */
  pgoctl(
    target: string,
    args?: string[],
    options?: { key?: string; stdin?: string },
  ): Promise<Result>;
  /** Runs OpenSSH's client. */
  ssh(line: string, options?: { key?: string; stdin?: string; more?: string[] }): Promise<Result>;
  key(name: string): string;
  /** The process id of pgod. */
  pid(): number;
  signal(name: "TERM" | "HUP" | "KILL"): Promise<void>;
  /** Writes the config anew; SIGHUP is the caller's. */
  configure(toml: string): Promise<void>;
  start(): Promise<void>;
  /** Stops pgod with SIGTERM; returns its exit code. */
  stop(): Promise<number>;
}

/** Makes a world with one repository for each service named in `files`, runs `body`, and cleans up. */
export async function withWorld(
  setup: {
    files: Record<string, Files>;
    config(world: Pick<World, "dir">): string;
    path?: string;
    interval?: string;
  },
  body: (world: World) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pgo-e2e-" });
  await Deno.chmod(dir, 0o755);
  const home = `${dir}/home`;
  await Deno.mkdir(`${home}/.ssh`, { recursive: true });
  for (const name of ["good", "wrong"]) {
    await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", `${dir}/${name}`]);
  }
  const port = freePort();
  let child: Deno.ChildProcess | undefined;
  let log = "";
  const env = {
    HOME: home,
    PATH: setup.path ? `${setup.path}:${Deno.env.get("PATH")}` : Deno.env.get("PATH") ?? "",
    USER: "miek",
  };
  const flags = ["-c", `${dir}/config.toml`, "-s", `127.0.0.1:${port}`, "--dir", `${dir}/lib`];
  const world: World = {
    dir,
    port,
    log: () => log,
    key: (name) => `${dir}/${name}`,
    pid: () => child?.pid ?? 0,
    async push(service, files, options = {}) {
      const work = `${dir}/work-${service}`;
      for (const [path, text] of Object.entries(files)) {
        if (text === undefined) await Deno.remove(`${work}/${path}`);
        else {
          await Deno.mkdir(`${work}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
          await Deno.writeTextFile(`${work}/${path}`, text);
        }
      }
      const git = ["git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.org"];
      await ok([...git, "add", "-A"]);
      await ok([
        ...git,
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "change",
        ...(options.amend ? ["--amend"] : []),
      ]);
      await ok([...git, "push", "-q", "--force", "origin", "HEAD:main"]);
      return await ok([...git, "rev-parse", "HEAD"]);
    },
    pgoctl(target, args = [], { key = "good", stdin } = {}) {
      const permissions = pgoctlPermissions(home);
      return sh([
        "deno",
        "run",
        "-q",
        ...permissions,
        `${root}pgoctl.ts`,
        "-i",
        `${dir}/${key}`,
        "-p",
        `${port}`,
        `127.0.0.1:${target}`,
        ...args,
      ], { env: { ...env, DENO_DIR: denoDir() }, stdin });
    },
    ssh(line, { key = "good", stdin, more = [] } = {}) {
      const options = [
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        `UserKnownHostsFile=${home}/ssh_known`,
        "-o",
        "LogLevel=ERROR",
        "-o",
        "IdentitiesOnly=yes",
        "-F",
        "none",
      ];
      return sh([
        "ssh",
        ...options,
        "-i",
        `${dir}/${key}`,
        "-p",
        `${port}`,
        ...more,
        "miek@127.0.0.1",
        line,
      ], { env, stdin });
    },
    configure: (toml) => Deno.writeTextFile(`${dir}/config.toml`, toml),
    async start() {
      const line = await ok([
        "deno",
        "run",
        "-q",
        "--allow-read",
        "--allow-env",
        "--allow-sys",
        `${root}pgod.ts`,
        "permissions",
        ...flags,
      ], { env: { ...env, DENO_DIR: denoDir() } });
      const [program = "", ...args] = line.split(" ");
      child = new Deno.Command(program, {
        args: [...args, "-d", "-t", setup.interval ?? "1s"],
        env: { ...env, DENO_DIR: denoDir() },
        clearEnv: true,
        cwd: "/",
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const decoder = new TextDecoder();
      void (async (stream) => {
        for await (const chunk of stream) log += decoder.decode(chunk, { stream: true });
      })(child.stderr);
      const seen = log.split("Launched servers").length;
      await until(
        `pgod listens\n${log}`,
        () => Promise.resolve(log.split("Launched servers").length > seen),
      );
    },
    async signal(name) {
      await ok(["kill", "-s", name, `${child?.pid}`]);
      if (name === "KILL") await child?.status;
    },
    async stop() {
      await sh(["kill", "-s", "TERM", `${child?.pid}`]);
      return (await child?.status)?.code ?? -1;
    },
  };
  try {
    for (const [service, files] of Object.entries(setup.files)) {
      await ok(["git", "init", "-q", "--bare", "-b", "main", `${dir}/${service}.git`]);
      await ok(["git", "clone", "-q", `${dir}/${service}.git`, `${dir}/work-${service}`]);
      await world.push(service, {
        "ssh/good.pub": await Deno.readTextFile(`${dir}/good.pub`),
        ...files,
      });
    }
    await world.configure(setup.config(world));
    await body(world);
  } catch (error) {
    console.error(log.split("\n").slice(-60).join("\n"));
    throw error;
  } finally {
    if (child) await world.stop();
    for (const user of USERS) {
      await as(user, ["podman", "rm", "-af", "-t", "0"]);
      await as(user, ["podman", "volume", "prune", "-f"]);
      await as(user, ["podman", "network", "prune", "-f"]);
    }
    await ok(["rm", "-rf", dir]);
  }
}

/** Makes sure that `user` has the base image. */
export async function baseImage(user: string): Promise<void> {
  if ((await as(user, ["podman", "image", "exists", BASE])).code === 0) return;
  const dir = await Deno.makeTempDir();
  await Deno.chmod(dir, 0o755);
  await Deno.copyFile("/bin/busybox", `${dir}/busybox`);
  await Deno.writeTextFile(
    `${dir}/Containerfile`,
    'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n',
  );
  const { code, stderr } = await as(user, ["podman", "build", "-q", "-t", BASE, dir]);
  await ok(["rm", "-rf", dir]);
  if (code !== 0) throw new Error(stderr);
}

/** A port of loopback that nobody listens on now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}
