/**
 * A host of its own for a test: repositories, keys, a config, and a real pgod under its real permissions.
 * @module
 */
import { pgoctl, type Place, ssh } from "./clients.ts";
import { permittedCommand, pgodFlags, startLogging } from "./pgod.ts";
import { freePort } from "./port.ts";
import { createRepository, type Files, push } from "./repository.ts";
import { denoDir, ok, type Result, sh, until } from "./shell.ts";
import { claim } from "./claim.ts";
import { emptyUsers, USERS } from "./users.ts";

/** A test's host. */
export interface World extends Place {
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
    /** Another pgod.ts than this tree's. */
    pgod?: string;
  },
  body: (world: World) => Promise<void>,
): Promise<void> {
  await claim(USERS);
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
    DENO_DIR: denoDir(),
  };
  const place = { dir, port };
  const world: World = {
    ...place,
    log: () => log,
    key: (name) => `${dir}/${name}`,
    pid: () => child?.pid ?? 0,
    push: (service, files, options) => push(dir, service, files, options),
    pgoctl: (target, args, options) => pgoctl(place, target, args, options),
    ssh: (line, options) => ssh(place, line, options),
    configure: (toml) => Deno.writeTextFile(`${dir}/config.toml`, toml),
    async start() {
      const command = await permittedCommand(pgodFlags(place), { env, pgod: setup.pgod });
      const more = ["-d", "-t", setup.interval ?? "1s"];
      const seen = log.split("Launched servers").length;
      child = startLogging([...command, ...more], (text) => log += text, env).child;
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
      await createRepository(dir, service);
      await world.push(service, {
        "ssh/good.pub": `pgo-role="exec" ${await Deno.readTextFile(`${dir}/good.pub`)}`,
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
    await emptyUsers();
    await ok(["rm", "-rf", dir]);
  }
}
