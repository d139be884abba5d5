import assert from "node:assert/strict";
import { memorySource } from "../compose/memory_source.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import type { ServiceConfig } from "../../lib/config/parse.ts";
import type { Command, Run } from "../../lib/host/process.ts";
import type { Git } from "../../lib/host/git.ts";
import type { Log } from "../../lib/log.ts";
import type { Candidate } from "../../lib/service/candidate.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import { createOutput } from "../../lib/service/output.ts";
import { deploy } from "../../lib/service/deploy.ts";
import { heal } from "../../lib/service/heal.ts";
import { Turns } from "../../lib/service/turns.ts";
import { createService, type Service } from "../../lib/service/service.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const user = { name: "miek", uid: 1000, gid: 1000, home: "/home/miek" };
const CONFIG: ServiceConfig = {
  name: "shop",
  user: "miek",
  repository: { url: "file:///r" },
  branch: "main",
  urls: [],
  ports: undefined,
  compose: undefined,
  env: { SECRET: "hunter2" },
  mounts: [],
  networks: [],
  volumes: [],
  secrets: [],
  registries: [],
  files: {},
  profiles: [],
  allow: [],
};

/** A Podman in memory: what podman-compose "starts" runs, unless the test says otherwise. */
class FakePodman {
  readonly calls: string[] = [];
  readonly envs: Command["env"][] = [];
  readonly files = new Map<string, string>();
  running = new Map<string, string>();
  broken = new Set<string>();

  readonly run: Run = (command) => {
    const { argv, stdin, env } = command;
    const line = argv.join(" ");
    // Who listens on which port is pgod's own question.
    assert.equal(command.user, argv[0] === "ss" ? undefined : user);
    this.calls.push(line);
    this.envs.push(env);
    const answer = (code: number, stdout = "") => Promise.resolve({ code, stdout, stderr: "" });
    const file = argv.at(-1) ?? "";
    if (argv[0] === "sh") this.files.set(file, String(stdin));
    if (argv[0] === "cat") return answer(this.files.has(file) ? 0 : 1, this.files.get(file));
    if (line.startsWith("podman ps")) return answer(0, this.#list());
    if (line.startsWith("podman image exists")) return answer(this.broken.has(file) ? 1 : 0);
    if (argv[0] === "podman-compose") this.#compose(argv);
    return answer(0);
  };

  #compose(argv: readonly string[]) {
    const [number = ""] = /\d+(?=\.(run|build)\.yaml)/.exec(argv.join(" ")) ?? [];
    if (argv.includes("down")) this.running.clear();
    if (argv.includes("up")) this.running = new Map([["web", number]]);
  }

  #list(): string {
    return JSON.stringify([...this.running].map(([name, deployment]) => ({
      Id: `id-${name}`,
      Names: [`shop_${name}_1`],
      State: this.broken.has(`deployment ${deployment}`) ? "exited" : "running",
      Status: "Exited (3)",
      ExitCode: 3,
      Labels: { "com.docker.compose.service": name, "pgo.deployment": deployment },
    })));
  }

  /** The calls that change something, in order. */
  get changes(): string[] {
    return this.calls.filter((line) => /^podman(-compose)? (-p|stop|rm|tag|pull)/.test(line));
  }
}

async function setup(): Promise<
  {
    service: Service;
    podman: FakePodman;
    candidate: (revision: string) => Promise<Candidate>;
    deployRevision: (revision: string) => ReturnType<typeof deploy>;
  }
> {
  const podman = new FakePodman();
  const ledger = new Ledger(":memory:");
  const host = {
    run: podman.run,
    sleep: () => Promise.resolve(),
    log: silent,
    ledger,
    turns: new Turns(2),
    dir: "/lib",
    how: "self" as const,
    settle: 500,
  };
  const service = createService(host, CONFIG, user, []);
  const git: Git = {
    ...service.git,
    materialize: () => Promise.resolve(),
    keep: () => Promise.resolve(),
  };
  Object.assign(service, { git });
  const source = memorySource({
    "Containerfile": "FROM scratch\n",
    "compose.yaml":
      'services: { web: { build: ., ports: ["8000:80"], environment: { S: "${SECRET}" } } }',
  });
  const options = { service: "shop", file: "compose.yaml", env: CONFIG.env, profiles: [] };
  const { model } = await resolve(source, options);
  assert.ok(model);
  const candidate = (revision: string) =>
    Promise.resolve({
      revision,
      model,
      digest: `digest of ${revision}`,
    });
  const output = createOutput(() => {}, () => {});
  return {
    service,
    podman,
    candidate,
    deployRevision: async (revision) =>
      deploy(service, await candidate(revision), { cause: "push", actor: "pgod", output }),
  };
}

const files = (number: number, kind: string) => `/lib/shop/deployments/${number}.${kind}.yaml`;

Deno.test("a deployment builds before it takes anything down", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  assert.deepEqual(podman.changes, [
    `podman-compose -p shop -f ${files(1, "build")} --podman-build-args=--pull-never build`,
    `podman-compose -p shop -f ${files(1, "run")} up -d`,
  ]);
  podman.calls.length = 0;
  await deployRevision("two");
  assert.deepEqual(podman.changes, [
    `podman-compose -p shop -f ${files(2, "build")} --podman-build-args=--pull-never build`,
    "podman stop id-web",
    `podman-compose -p shop -f ${files(1, "run")} down`,
    `podman-compose -p shop -f ${files(2, "run")} up -d`,
  ]);
  const { live, checkout } = service.host.ledger.service("shop");
  assert.deepEqual([live, checkout], [2, "two"]);
  service.host.ledger.close();
});

Deno.test("a build that leaves no image has failed, whatever its exit code: nothing is touched", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  podman.calls.length = 0;
  podman.broken.add("localhost/pgo/shop/web:2");
  await assert.rejects(deployRevision("two"), /build of web failed/);
  assert.deepEqual(podman.changes, [
    `podman-compose -p shop -f ${files(2, "build")} --podman-build-args=--pull-never build`,
  ]);
  assert.equal(service.host.ledger.service("shop").live, 1);
  assert.equal(service.host.ledger.last("shop")?.outcome, "failed");
  service.host.ledger.close();
});

Deno.test("containers that do not stay up: the last good run file again, and the ledger says so", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  podman.calls.length = 0;
  podman.broken.add("deployment 2");
  await assert.rejects(
    deployRevision("two"),
    /deployment 2 failed: web is exited \(3\).*deployment 1 runs again/,
  );
  assert.deepEqual(podman.changes.slice(-3), [
    "podman stop id-web",
    `podman-compose -p shop -f ${files(2, "run")} down`,
    `podman-compose -p shop -f ${files(1, "run")} up -d`,
  ]);
  assert.equal(service.host.ledger.service("shop").live, 1);
  assert.equal(service.host.ledger.last("shop")?.outcome, "rolled back");
  service.host.ledger.close();
});

Deno.test("a secret of the config is in podman-compose's environment only", async () => {
  const { service, podman, deployRevision } = await setup();
  await deployRevision("one");
  const own = "/lib/shop/deployments/1.env.json";
  assert.equal(podman.files.get(own), '{"S":"hunter2"}');
  podman.files.delete(own);
  assert.ok(![...podman.calls, ...podman.files.values()].some((text) => text.includes("hunter2")));
  const up = podman.calls.findIndex((line) => line.endsWith("up -d"));
  assert.equal(podman.envs[up]?.["S"], "hunter2");
  service.host.ledger.close();
});

Deno.test("what Podman told is known until a monitor comes or goes, or a deployment starts something", async () => {
  const { service, podman, deployRevision } = await setup();
  const output = createOutput(() => {}, () => {});
  // Whether a run file is there is looked up on the disk itself.
  const deployments = await Deno.makeTempDir();
  await Deno.writeTextFile(`${deployments}/1.run.yaml`, "");
  Object.assign(service, { paths: { ...service.paths, deployments } });
  const asked = async (...monitored: string[]) => {
    const before = podman.calls.length;
    await heal(service, output, new Set(monitored));
    return podman.calls.slice(before).filter((line) => line.startsWith("podman ps")).length;
  };
  await deployRevision("one");
  assert.equal(await asked("id-web", "another service's"), 1);
  assert.equal(service.running?.containers[0]?.id, "id-web");
  assert.equal(await asked("another service's", "id-web"), 0);
  assert.equal(await asked("id-web", "another service's", "new"), 1);
  assert.equal(await asked("id-web"), 1);
  assert.equal(await asked("id-web"), 0);
  await deployRevision("two");
  assert.equal(service.running, undefined);
  service.host.ledger.close();
  await Deno.remove(deployments, { recursive: true });
});
