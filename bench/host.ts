/**
 * PGO beside the programs it works with, on real containers: `ps`, `logs`, and from a push to a service that is well.
 * Needs root.
 * @module
 */
import { within } from "../lib/host/clock.ts";
import { freePort } from "../tests/e2e/port.ts";
import { oneService, status, web } from "../tests/e2e/services.ts";
import { as, ok, until } from "../tests/e2e/shell.ts";
import { BASE, baseImage, USERS } from "../tests/e2e/users.ts";
import { withWorld, type World } from "../tests/e2e/world.ts";
import { percentile, type Row, times } from "./measure.ts";

const [USER] = USERS;
/** Megabytes that a container has logged. */
const LOGS = [20];
const RUNS = 5;

/** The rows of this part. */
export async function benchHost(): Promise<Row[]> {
  await baseImage(USER);
  const port = freePort();
  const rows: Row[] = [];
  const files = web(port, "one");
  const compose = files["docker-compose.yml"] ?? "";
  const talkers = LOGS.map((size) =>
    `  talk${size}:\n    image: ${BASE}\n    init: true\n    logging: { driver: json-file, options: { max-size: 100m } }\n    command: ["sh", "-c", "yes ${
      "0123456789".repeat(9)
    } | head -c ${size}000000; echo; echo the end; sleep 100000"]\n`
  );
  files["docker-compose.yml"] = compose.replace("services:\n", `services:\n${talkers.join("")}`);
  await withWorld(
    { files: { shop: files }, config: (world) => oneService(world, port) },
    async (world) => {
      await world.start();
      await until("it is live", async () => (await status(world)).deployment === 1, 120_000);
      for (const size of LOGS) {
        await until(`${size} MB are logged`, async () => {
          const { stdout } = await as(USER, ["podman", "logs", "--tail", "1", container(size)]);
          return stdout.includes("the end");
        }, 120_000);
      }
      rows.push(...await lists(world));
      for (const size of LOGS) rows.push(...await logs(world, size));
      rows.push(await push(world, compose));
    },
  );
  return rows;
}

const container = (size: number) => `shop_talk${size}_1`;

function start(argv: readonly string[], stdout: "null" | "piped" = "null"): Deno.ChildProcess {
  const [program = "", ...args] = argv;
  const command = { args, cwd: "/", stdin: "null", stdout, stderr: "null" } as const;
  return new Deno.Command(program, command).spawn();
}

/** OpenSSH's client with a line for the world's pgod. */
function ssh({ dir, port }: World, line: string): string[] {
  const options = ["-F", "none", "-i", `${dir}/good`, "-o", "StrictHostKeyChecking=no"];
  options.push("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", String(port));
  return ["ssh", ...options, "127.0.0.1", line];
}

/** A command as the service's user; a string for its shell, where the argv would not do. */
function own(...argv: string[]): string[] {
  return ["runuser", "-u", USER, "--", "sh", "-lc", 'XDG_RUNTIME_DIR=/run/user/$(id -u) exec "$@"']
    .concat("sh", argv);
}

async function runs(argv: readonly string[]): Promise<void> {
  const { code } = await start(argv).status;
  if (code !== 0) throw new Error(`${argv.join(" ")} exited with ${code}`);
}

async function lists(world: World): Promise<Row[]> {
  const file = `${world.dir}/lib/shop/deployments/1.run.yaml`;
  const took = await times(RUNS, {
    pgo: () => runs(ssh(world, "shop//ps")),
    podman: () => runs(own("podman", "ps")),
    compose: () => runs(own("podman-compose", "-p", "shop", "-f", file, "ps")),
  });
  const value = percentile(took.pgo, 50);
  const beside = (what: string, all: number[]) => ({ what, value: percentile(all, 50) });
  return [
    {
      what: "ssh … ps",
      value,
      unit: "ms",
      floor: beside("podman-compose ps", took.compose),
      goal: { atMost: 0.2, of: "ratio" },
    },
    { what: "ssh … ps", value, unit: "ms", floor: beside("podman ps", took.podman) },
  ];
}

async function logs(world: World, size: number): Promise<Row[]> {
  const ours = ssh(world, `shop//logs talk${size}`);
  const theirs = own("podman", "logs", container(size));
  /** Milliseconds; that a program has to be ended after it does not count. */
  const firstByte = async (argv: readonly string[]) => {
    const begin = performance.now();
    const child = start(argv, "piped");
    const reader = child.stdout.getReader();
    const got = await within(30_000, reader.read());
    if (!got?.value) throw new Error(`${argv.join(" ")} printed nothing`);
    const ms = performance.now() - begin;
    child.kill();
    await reader.cancel();
    await child.status;
    return ms;
  };
  const before = await memory(world.pid());
  const whole = await times(2, { pgo: () => runs(ours), podman: () => runs(theirs) });
  const after = await memory(world.pid());
  const { stdout: bytes } = await as(USER, ["sh", "-c", `podman logs ${container(size)} | wc -c`]);
  if (Number(bytes) < size * 1e6) throw new Error(`${bytes} bytes of logs, expected ${size} MB`);
  const first = { pgo: [] as number[], podman: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    first.pgo.push(await firstByte(ours));
    first.podman.push(await firstByte(theirs));
  }
  const beside = (all: number[]) => ({ what: "podman logs", value: percentile(all, 50) });
  return [
    {
      what: `${size} MB of logs`,
      value: percentile(whole.pgo, 50),
      unit: "ms",
      floor: beside(whole.podman),
      ...(size === 20 ? { goal: { atMost: 1.3, of: "ratio" } } : {}),
    },
    {
      what: `first byte of ${size} MB of logs`,
      value: percentile(first.pgo, 50),
      unit: "ms",
      floor: beside(first.podman),
      goal: { atMost: 2, of: "ratio" },
    },
    {
      what: `memory of pgod after it above that before (${size} MB)`,
      value: after - before,
      unit: "MB",
      goal: { atMost: 20, of: "value" },
    },
  ];
}

/** Megabytes that are resident. */
async function memory(pid: number): Promise<number> {
  const line = await ok(["sh", "-c", `grep VmRSS /proc/${pid}/status`]);
  return Number(/\d+/.exec(line)?.[0]) / 1024;
}

/** The first, which takes away the containers that logged, is not counted. */
async function push(world: World, compose: string): Promise<Row> {
  const took: number[] = [];
  for (let run = 0; run < 2; run++) {
    const { deployment } = await status(world);
    const text = `${compose}x-run: ${run}\n`;
    const begin = performance.now();
    await world.push("shop", { "docker-compose.yml": text });
    await until("it is live", async () => (await status(world)).deployment > deployment, 120_000);
    if (run > 0) took.push(performance.now() - begin);
  }
  return {
    what: "push until live: look every second, build, down, up, 3 s of watching",
    value: percentile(took, 50),
    unit: "ms",
  };
}
