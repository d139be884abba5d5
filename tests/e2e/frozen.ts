/**
 * A repository as PGO would run it, given to real podman-compose without a pgod: resolved, judged, frozen, up.
 * @module
 */
import assert from "node:assert/strict";
import { buildFile } from "../../lib/compose/build_file.ts";
import { judge, type Policy } from "../../lib/compose/policy.ts";
import { formatFinding, isRefused } from "../../lib/compose/problem.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import { runFile } from "../../lib/compose/run_file.ts";
import { directorySource } from "../../lib/service/directory_source.ts";
import type { Files } from "./repository.ts";
import { as, ok, type Result } from "./shell.ts";
import { BASE } from "./users.ts";

/** The service's name, which is podman-compose's project. */
export const PROJECT = "frozen";

/** A frozen repository on disk. */
export interface Frozen {
  dir: string;
  runFile: string;
  buildFile: string;
  /** Runs podman-compose with these words after `-p PROJECT -f`. */
  compose(file: string, words: string[]): Promise<Result>;
  /** `podman inspect` of the container of a compose service. */
  inspect(service: string): Promise<Inspected>;
  /** What a program in a container prints. */
  inside(service: string, ...argv: string[]): Promise<string>;
}

/** What tests ask of `podman inspect`. */
export interface Inspected {
  Config: {
    Env: string[];
    Labels: Record<string, string>;
    Annotations: Record<string, string>;
    Cmd: string[];
    Entrypoint: string;
    User: string;
    WorkingDir: string;
    Hostname: string;
    StopSignal: number;
    Healthcheck?: {
      Test: string[];
      Interval: number;
      Timeout: number;
      Retries: number;
      StartPeriod: number;
    };
    CreateCommand: string[];
    Tty: boolean;
    OpenStdin: boolean;
  };
  HostConfig: {
    Privileged: boolean;
    ReadonlyRootfs: boolean;
    RestartPolicy: { Name: string; MaximumRetryCount: number };
    SecurityOpt: string[];
    CapDrop: string[];
    ShmSize: number;
    ExtraHosts: string[];
    Init: boolean;
    Ulimits: { Name: string; Soft: number; Hard: number }[];
    LogConfig: { Type: string; Size: string };
    Tmpfs: Record<string, string>;
  };
  EffectiveCaps: string[] | null;
  NetworkSettings: {
    Networks: Record<string, { Aliases: string[] }>;
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
  Mounts: {
    Type: string;
    Source: string;
    Destination: string;
    Options: string[];
    RW: boolean;
    Name: string;
  }[];
  State: { Running: boolean };
  Image: string;
}

/** Freezes `files` for `user`, runs `body`, and removes everything. */
export async function withFrozen(
  { files, user, path, env = {}, allow = [], ports }: {
    files: Files;
    user: string;
    /** Where podman-compose is found first. */
    path?: string;
    env?: Record<string, string>;
    allow?: string[];
    ports: Policy["ports"];
  },
  body: (frozen: Frozen) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pgo-frozen-" });
  const checkout = `${dir}/checkout`;
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${checkout}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${checkout}/${name}`, text ?? "");
  }
  const { model, findings } = await resolve(directorySource(checkout), {
    service: PROJECT,
    file: undefined,
    env,
    profiles: [],
  });
  assert.ok(model && !isRefused(findings), findings.map(formatFinding).join("\n"));
  const policy = {
    service: PROJECT,
    ports,
    foreignPorts: [],
    mounts: [],
    networks: [],
    volumes: [],
  };
  const verdict = judge(model, { ...policy, allow, checkout, dataDir: `${dir}/data` });
  assert.deepEqual(verdict.map(formatFinding), []);
  const deployment = {
    service: PROJECT,
    id: "1",
    revision: "r",
    checkout,
    scratch: checkout,
    deployments: dir,
  };
  const run = runFile(model, deployment);
  const build = buildFile(model, deployment);
  for (const file of [...run.files, ...build.files]) {
    await Deno.mkdir(file.path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(file.path, file.text);
  }
  await Deno.writeTextFile(`${dir}/run.yaml`, run.text);
  await Deno.writeTextFile(`${dir}/build.yaml`, build.text);
  await ok(["chown", "-R", user, dir]);
  for (const { name, build } of model.services) {
    if (!build) await as(user, ["podman", "tag", BASE, `localhost/pgo/${PROJECT}/${name}:1`]);
  }
  const variables = Object.entries(run.env).map(([name, value]) => `${name}=${value}`);
  const search = path === undefined ? [] : [`PATH=${path}:${Deno.env.get("PATH")}`];
  const frozen: Frozen = {
    dir,
    runFile: `${dir}/run.yaml`,
    buildFile: `${dir}/build.yaml`,
    compose: (file, words) =>
      as(user, [
        "env",
        ...search,
        ...variables,
        "podman-compose",
        "-p",
        PROJECT,
        "-f",
        file,
        ...words,
      ]),
    async inspect(service) {
      const { stdout } = await as(user, ["podman", "inspect", `${PROJECT}_${service}_1`]);
      return (JSON.parse(stdout) as Inspected[])[0] as Inspected;
    },
    async inside(service, ...argv) {
      const { stdout, stderr } = await as(user, [
        "podman",
        "exec",
        `${PROJECT}_${service}_1`,
        ...argv,
      ]);
      return stdout + stderr;
    },
  };
  try {
    await body(frozen);
  } finally {
    await frozen.compose(frozen.runFile, ["down"]);
    for (const { name } of model.services) {
      await as(user, ["podman", "rm", "-f", "-t", "0", "-v", `${PROJECT}_${name}_1`]);
      await as(user, ["podman", "rmi", "-f", `localhost/pgo/${PROJECT}/${name}:1`]);
    }
    for (const { name } of model.volumes) {
      await as(user, ["podman", "volume", "rm", "-f", `${PROJECT}_${name}`]);
    }
    for (const name of ["default", ...model.networks.map(({ name }) => name)]) {
      await as(user, ["podman", "network", "rm", "-f", `${PROJECT}_${name}`]);
    }
    await as(user, ["podman", "unshare", "rm", "-rf", dir]);
    await ok(["rm", "-rf", dir]);
  }
}
