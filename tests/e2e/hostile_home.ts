/**
 * A home of its own for a user: real rootless podman and real podman-compose whose containers, images, volumes and
 * networks no other test sees or removes. It is gone as a whole in the end. {@link attack} brings a repository up in
 * it as anybody without PGO would, has the effect looked at from outside, and then shows the same files to PGO.
 * @module
 */
import assert from "node:assert/strict";
import type { Policy } from "../../lib/compose/policy.ts";
import { formatFinding, isRefused } from "../../lib/compose/problem.ts";
import { directorySource } from "../../lib/service/directory_source.ts";
import { inspectCase } from "../compose/corpus.ts";
import { as, ok, type Result, sh } from "./shell.ts";
import { BASE, baseImage } from "./users.ts";

/** The place of an attack. */
export interface Home {
  /** Has `shop/checkout`, the attacker's, and `host`, somebody's folder with the files `secret` and `Dockerfile`. */
  dir: string;
  /** Runs a program as the user; its own failure is a result. */
  run(argv: string[], options?: { cwd?: string; env?: Record<string, string> }): Promise<Result>;
  /** What podman prints; it has to succeed. */
  podman(...args: string[]): Promise<string>;
}

/** What lies in `host/secret`. */
export const SECRET = "of the host";

/** A service that does nothing, and has `keys` as well. */
export function idle(keys: string, more = ""): string {
  const lines = keys.split("\n").map((line) => `    ${line}\n`).join("");
  return `services:\n  web:\n    image: ${BASE}\n    command: [sleep, "600"]\n    init: true\n${lines}${more}`;
}

/** Runs `body` with a home of `user`'s that has the base image. */
export async function withHome(user: string, body: (home: Home) => Promise<void>): Promise<void> {
  await baseImage(user);
  const dir = await Deno.makeTempDir({ prefix: "pgo-h-" });
  const env = { HOME: `${dir}/home`, USER: user, XDG_RUNTIME_DIR: `${dir}/run` };
  const home: Home = {
    dir,
    // runuser sets HOME itself.
    run: (argv, { cwd = dir, env: more = {} } = {}) => {
      const variables = Object.entries({ ...env, ...more }).map(([name, value]) =>
        `${name}=${value}`
      );
      const start = ["sh", "-c", 'cd "$0" && exec env "$@"', cwd, ...variables];
      return sh(["runuser", "-u", user, "--", ...start, ...argv]);
    },
    async podman(...args) {
      const { code, stdout, stderr } = await home.run(["podman", ...args]);
      assert.equal(code, 0, `podman ${args.join(" ")}: ${stderr}`);
      return stdout.trim();
    },
  };
  try {
    await Deno.chmod(dir, 0o755);
    await ok(["mkdir", "-p", env.HOME, env.XDG_RUNTIME_DIR, `${dir}/shop`, `${dir}/host`]);
    await Deno.writeTextFile(`${dir}/host/secret`, `${SECRET}\n`);
    await Deno.writeTextFile(`${dir}/host/Dockerfile`, `FROM ${BASE}\nCOPY secret /secret\n`);
    await ok(["chown", "-R", `${user}:`, dir]);
    await as(user, ["podman", "save", "-q", "-o", `${env.HOME}/base.tar`, BASE]);
    await home.podman("load", "-q", "-i", `${env.HOME}/base.tar`);
    await body(home);
  } finally {
    await home.run(["podman", "pod", "rm", "-af", "-t", "0"]);
    await home.run(["podman", "rm", "-af", "-t", "0"]);
    const pause = await Deno.readTextFile(`${dir}/run/libpod/tmp/pause.pid`).catch(() => "");
    if (pause) await ok(["kill", pause]);
    await ok(["rm", "-rf", dir]);
  }
}

/** A repository, what it does without PGO, and what PGO says of it. */
export interface Attack {
  files: Record<string, string>;
  /** Committed symlinks by their path. */
  links?: Record<string, string>;
  /** Where another podman-compose than 1.0.3 lies. */
  path?: string;
  /** The config's variables. */
  env?: Record<string, string>;
  policy?: Partial<Policy>;
  /** Fails unless the attack has an effect outside of the container. */
  works(up: Result, checkout: string): Promise<void>;
  refusal: RegExp;
}

/** Lays a repository out as a checkout of `home`'s user. */
async function layOut({ dir, run }: Home, { files, links = {} }: Attack): Promise<string> {
  const checkout = `${dir}/shop/checkout`;
  await run(["mkdir", "-p", checkout]);
  for (const [path, text] of Object.entries(files)) {
    const file = `${checkout}/${path}`;
    await run(["mkdir", "-p", file.replace(/\/[^/]*$/, "")]);
    await Deno.writeTextFile(file, text, { mode: 0o755 });
  }
  for (const [path, target] of Object.entries(links)) {
    await Deno.symlink(target, `${checkout}/${path}`);
  }
  return checkout;
}

/** Runs podman-compose on the attacker's project for at most 20 s. */
export async function compose({ dir, run }: Home, args: string[], { path, env }: Partial<Attack>) {
  const PATH = `${path ? `${path}:` : ""}/usr/sbin:/usr/bin:/bin`;
  return await run(["timeout", "-k", "1", "20", "podman-compose", "-p", "shop", ...args], {
    cwd: `${dir}/shop/checkout`,
    env: { ...env, PATH },
  });
}

const REMOVE =
  `podman ps -aq --filter label=io.podman.compose.project=shop | xargs -r podman rm -f -t 0
podman pod rm -f pod_shop; podman volume rm -f shop_data; podman rmi -f shop_web`;

/** First plain podman-compose carries it out, then PGO refuses it for the reason that is expected. */
export async function attack(home: Home, one: Attack): Promise<void> {
  const checkout = await layOut(home, one);
  try {
    const up = await compose(home, ["up", "-d"], one);
    await one.works(up, checkout).catch((error) => {
      throw new Error(`without PGO: ${error.message}\n${up.stdout}${up.stderr}`);
    });
    assert.match(await judged(home, one), one.refusal);
  } finally {
    await home.run(["sh", "-c", REMOVE]);
    await ok(["rm", "-rf", checkout]);
  }
}

/** What PGO says of the checkout, one finding a line; `""` where it would be deployed. */
export async function judged(
  { dir }: Pick<Home, "dir">,
  { env = {}, policy }: Pick<Attack, "env" | "policy">,
): Promise<string> {
  const checkout = `${dir}/shop/checkout`;
  const { findings } = await inspectCase({
    expect: { about: "", config: { env } },
    source: directorySource(checkout),
    policy: {
      service: "shop",
      ports: [],
      foreignPorts: [],
      mounts: [],
      networks: [],
      volumes: [],
      allow: [],
      checkout,
      dataDir: `${dir}/shop/data`,
      ...policy,
    },
  });
  return isRefused(findings) ? findings.map(formatFinding).join("\n") : "";
}
