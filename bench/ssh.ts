/**
 * SSH as its users feel it: OpenSSH's client against pgod, against OpenSSH's sshd, and against a bare server of ssh2.
 * @module
 */
import { within } from "../lib/host/clock.ts";
import { ok, until } from "../tests/e2e/shell.ts";
import { percentile, type Row, times } from "./measure.ts";
import { withPgod, withPgodFiles } from "./pgod.ts";
import { peak, resident } from "./programs.ts";
import { withBare, withSshd } from "./sshd.ts";

const PINGS = 40;
const CROWDS = [20, 100, 500];
/** Of sshd, which starts programs for each: a crowd of 500 takes it minutes on a small machine. */
const SSHD_CROWD = 100;
const SIZES = [20, 100];

/** Runs `ssh` with `line` against a port; returns its exit code. Output is thrown away, errors are not read. */
type Ssh = (port: number, line: string) => Promise<number>;

/** The rows of this part. */
export function benchSsh(): Promise<Row[]> {
  return withPgodFiles(1, async (dir) => {
    const options = ["-F", "none", "-i", `${dir}/key`, "-o", "BatchMode=yes"];
    options.push("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null");
    options.push("-o", "LogLevel=ERROR");
    const client = (port: number, line: string, stdout: "null" | "piped") =>
      new Deno.Command("ssh", {
        args: [...options, "-p", String(port), "127.0.0.1", line],
        stdin: "null",
        stdout,
        stderr: "null",
      }).spawn();
    const ssh: Ssh = async (port, line) => (await client(port, line, "null").status).code;
    /** Milliseconds until the first byte of a stream that does not end. */
    const firstByte = async (port: number, line: string) => {
      const child = client(port, line, "piped");
      const got = await within(10_000, child.stdout.getReader().read());
      if (!got?.value) throw new Error(`${line} printed nothing`);
      child.kill();
      await child.status;
    };
    await Deno.writeFile(`${dir}/output`, new Uint8Array());
    return await withPgod(dir, (pgod) =>
      withSshd(dir, (sshd) =>
        withBare(dir, async (bare) => {
          await until("a ping", async () => await ssh(pgod.port, "s0//ping") === 0);
          return [
            ...await pings(ssh, pgod.port, sshd, bare),
            ...await crowds(ssh, pgod.port, sshd, bare),
            ...await streams(ssh, dir, pgod, sshd, bare),
            ...await firstBytes(firstByte, dir, pgod.port, sshd),
          ];
        })));
  });
}

async function pings(ssh: Ssh, pgod: number, sshd: number, bare: number): Promise<Row[]> {
  const took = await times(PINGS, {
    pgod: () => ssh(pgod, "s0//ping"),
    sshd: () => ssh(sshd, "true"),
    bare: () => ssh(bare, "true"),
  });
  return [50, 95].flatMap((percent): Row[] => [
    {
      what: `ssh … ping, p${percent}`,
      value: percentile(took.pgod, percent),
      unit: "ms",
      floor: { what: "sshd, true", value: percentile(took.sshd, percent) },
      ...(percent === 50 ? { goal: { atMost: 1, of: "ratio" as const } } : {}),
    },
    {
      what: `ssh … ping, p${percent}`,
      value: percentile(took.pgod, percent),
      unit: "ms",
      floor: { what: "bare ssh2 exec", value: percentile(took.bare, percent) },
      ...(percent === 50 ? { goal: { atMost: 2, of: "ratio" as const } } : {}),
    },
  ]);
}

/** Many clients at once. */
async function crowds(ssh: Ssh, pgod: number, sshd: number, bare: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of CROWDS) {
    const crowd = async (port: number, line: string) => {
      const start = performance.now();
      const codes = await Promise.all(Array.from({ length: count }, () => ssh(port, line)));
      return {
        ms: performance.now() - start,
        failed: codes.filter((code) => code !== 0).length,
      };
    };
    const ours = await crowd(pgod, "s0//ping");
    const sshdToo = count <= SSHD_CROWD;
    const theirs = await crowd(sshdToo ? sshd : bare, "true");
    const name = sshdToo ? "sshd, true" : "bare ssh2 exec";
    rows.push(
      {
        what: `${count} ssh … ping at once`,
        value: ours.ms,
        unit: "ms",
        floor: { what: name, value: theirs.ms },
      },
      {
        what: `${count} ssh … ping at once (${name}: ${theirs.failed} failed)`,
        value: ours.failed,
        unit: "failed",
        goal: { atMost: 0, of: "value" },
      },
    );
  }
  return rows;
}

async function streams(
  ssh: Ssh,
  dir: string,
  pgod: { port: number; pid: number },
  sshd: number,
  bare: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    await ok(["sh", "-c", `head -c ${size}M /dev/urandom > ${dir}/output`]);
    await ssh(pgod.port, "s0//ps");
    const before = await resident(pgod.pid);
    const took = await times(3, {
      pgod: () => ssh(pgod.port, "s0//ps"),
      sshd: () => ssh(sshd, `cat ${dir}/output`),
      bare: () => ssh(bare, "cat"),
    });
    const speed = (all: number[]) => size / (percentile(all, 50) / 1000);
    rows.push(
      {
        what: `${size} MB of output of a program`,
        value: speed(took.pgod),
        unit: "MB/s",
        floor: { what: "sshd, cat", value: speed(took.sshd) },
        goal: { atLeast: 0.5, of: "ratio" },
      },
      {
        what: `${size} MB of output of a program`,
        value: speed(took.pgod),
        unit: "MB/s",
        floor: { what: "bare ssh2, from a file", value: speed(took.bare) },
      },
      {
        what: `memory of pgod meanwhile, at most, above before (${size} MB)`,
        value: await peak(pgod.pid) - before,
        unit: "MB",
      },
      {
        what: `memory of pgod afterwards, above before (${size} MB)`,
        value: Math.max(0, await resident(pgod.pid) - before),
        unit: "MB",
        goal: { atMost: 20, of: "value" },
      },
    );
  }
  return rows;
}

async function firstBytes(
  firstByte: (port: number, line: string) => Promise<void>,
  dir: string,
  pgod: number,
  sshd: number,
): Promise<Row[]> {
  const took = await times(15, {
    pgod: () => firstByte(pgod, "s0//logs -f"),
    sshd: () => firstByte(sshd, `${dir}/bin/podman logs`),
  });
  return [{
    what: "first byte of logs -f",
    value: percentile(took.pgod, 50),
    unit: "ms",
    floor: { what: "sshd, the same program", value: percentile(took.sshd, 50) },
    goal: { atMost: 2, of: "ratio" },
  }];
}
