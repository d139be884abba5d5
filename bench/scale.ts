/**
 * Many services on one host: `bench/crowd.ts` with git, podman and podman-compose mocked, so that what is measured is
 * pgod alone. Each number of services is a process of its own.
 * @module
 */
import { fileURLToPath } from "node:url";
import { denoDir, ok } from "../tests/e2e/shell.ts";
import { percentile, type Row } from "./measure.ts";

const FEW = 100;
const MANY = 1000;
const PUSHES = 50;
/** Milliseconds between the ticks of a service: much less than anybody would set with so many. */
const INTERVAL = 3000;

/** What `bench/crowd.ts` prints first: milliseconds, bytes, numbers. */
interface Idle {
  boot: number;
  took: number;
  memory: number;
  asItIs: number;
  port: number;
  idle: number;
  ticks: number;
  calls: number;
  late: number;
}

/** What it prints last. */
interface Pushed {
  took: number;
  overtaken: number;
  late: number;
}

/** The rows of this part. */
export async function benchScale(): Promise<Row[]> {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["key", "sshd_key"]) {
      await ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${dir}/${name}`]);
    }
    const few = await crowd(dir, FEW, 0);
    const many = await crowd(dir, MANY, PUSHES);
    return [...idleRows(few.idle, many.idle), ...pushRows(many)];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs one; somebody pings it before and while it is pushed to. */
async function crowd(dir: string, services: number, pushes: number) {
  const program = fileURLToPath(new URL("crowd.ts", import.meta.url));
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--no-prompt", "--v8-flags=--expose-gc", "--allow-env"],
      ...["--allow-net=127.0.0.1", "--allow-sys", `--allow-read=${dir}`, `--allow-write=${dir}`],
      ...[program, dir, String(services), String(INTERVAL), String(pushes)],
    ],
    env: { DENO_DIR: denoDir() },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const lines = jsonLines(child.stdout);
  const next = async () => {
    const { value } = await lines.next();
    if (!value) throw new Error(`${services} services: the process ended early`);
    return value;
  };
  const idle = await next() as Idle;
  /** Pings until the next line. */
  const pinging = async () => {
    const pings: number[] = [];
    let value: unknown;
    const line = next().then((found) => value = found);
    while (pushes > 0 && !value) pings.push(await ping(dir, idle.port));
    await line;
    return { pings, value };
  };
  const calm = (await pinging()).pings;
  const { pings, value } = await pinging();
  await child.status;
  await Deno.remove(`${dir}/pgo.db`);
  return { idle, pushed: value as Pushed, calm, pings };
}

async function ping(dir: string, port: number): Promise<number> {
  const start = performance.now();
  const options = ["-F", "none", "-i", `${dir}/key`, "-o", "StrictHostKeyChecking=no"];
  options.push("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR");
  await ok(["ssh", ...options, "-p", String(port), "127.0.0.1", `s${MANY / 2}//ping`]);
  return performance.now() - start;
}

async function* jsonLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.map((line) => JSON.parse(line));
  }
}

function idleRows(few: Idle, many: Idle): Row[] {
  const perService = (bytes: number) => bytes / (MANY - 1) / 1024;
  const beside = (value: number) => ({ what: `${FEW} services`, value });
  return [
    {
      what: `${MANY} services: how late ticks are, p99, of ${INTERVAL} ms`,
      value: many.late,
      unit: "ms",
      goal: { atMost: INTERVAL * 0.05, of: "value" },
    },
    {
      what: "commands in an idle tick",
      value: many.calls / many.ticks,
      unit: "calls",
      goal: { atMost: 1, of: "value" },
    },
    { what: "CPU of an idle tick, in pgod", value: many.idle / many.ticks, unit: "ms" },
    {
      what: `CPU of ${MANY} services while idle, in pgod, for ${2 * INTERVAL} ms`,
      value: many.idle,
      unit: "ms",
      floor: beside(few.idle),
      goal: { atMost: 11, of: "ratio" },
    },
    {
      what: `CPU of finding ${MANY} services live at the start, in pgod`,
      value: many.boot,
      unit: "ms",
      floor: beside(few.boot),
      goal: { atMost: 11, of: "ratio" },
    },
    {
      what: "memory of a service, resident, what V8 holds empty given back",
      value: perService(many.memory),
      unit: "KB",
      goal: { atMost: 60, of: "value" },
    },
    {
      what: "memory of a service, resident, as V8 leaves it after the start",
      value: perService(many.asItIs),
      unit: "KB",
    },
  ];
}

function pushRows({ idle, pushed, calm, pings }: Awaited<ReturnType<typeof crowd>>): Row[] {
  const before = (percent: number) => ({ what: "before", value: percentile(calm, percent) });
  return [
    {
      what:
        `${PUSHES} pushes at once, --deploys 2: deployments that began before others asked first`,
      value: pushed.overtaken,
      unit: "overtaken",
      goal: { atMost: 0, of: "value" },
    },
    { what: "… until all were live", value: pushed.took, unit: "ms" },
    {
      what: "… how late ticks are meanwhile, p99",
      value: pushed.late,
      unit: "ms",
      floor: { what: "idle", value: idle.late },
      goal: { atMost: INTERVAL * 0.05, of: "value" },
    },
    {
      what: `… ssh … ping meanwhile, p50 of ${pings.length}`,
      value: percentile(pings, 50),
      unit: "ms",
      floor: before(50),
    },
    {
      what: "… ssh … ping meanwhile, p99",
      value: percentile(pings, 99),
      unit: "ms",
      floor: before(99),
      goal: { atMost: 100, of: "value" },
    },
  ];
}
