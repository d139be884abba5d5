/**
 * A service whose Podman is in memory.
 * @module
 */
import assert from "node:assert/strict";
import { memorySource } from "../compose/memory_source.ts";
import { resolve } from "../../lib/compose/resolve.ts";
import type { ServiceConfig } from "../../lib/config/parse.ts";
import { type Command, OutputError, type Run } from "../../lib/host/process.ts";
import type { Git } from "../../lib/host/git.ts";
import type { Log } from "../../lib/log.ts";
import type { Candidate } from "../../lib/service/candidate.ts";
import { Ledger } from "../../lib/service/ledger.ts";
import { createOutput } from "../../lib/service/output.ts";
import { deploy } from "../../lib/service/deploy.ts";
import { Turns } from "../../lib/service/turns.ts";
import { createService, type Service } from "../../lib/service/service.ts";
import { recordedLog } from "../recorded_log.ts";

/** Whose services they are. */
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
export class FakePodman {
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
    if (argv[0] === "cat") {
      const text = this.files.get(file);
      if ((text?.length ?? 0) > (command.limit ?? Infinity)) throw new OutputError("cat: too much");
      return answer(text === undefined ? 1 : 0, text);
    }
    if (line.startsWith("podman ps")) return answer(0, this.#list());
    if (line.startsWith("podman image exists")) return answer(this.broken.has(file) ? 1 : 0);
    if (line.startsWith("podman start")) this.broken.clear();
    if (argv[0] === "podman-compose") {
      this.#compose(argv);
      command.stdout?.(new TextEncoder().encode(`podman-compose ${file}\nand on`));
    }
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

/** A service of that Podman's, whose Git has nothing to do; `log` is the host's. */
export async function setup(log: Log = recordedLog().log): Promise<
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
    log,
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
      deploy(service, await candidate(revision), {
        cause: "push",
        actor: "pgod",
        output,
        place: service.host.turns.place(service.config),
      }),
  };
}
