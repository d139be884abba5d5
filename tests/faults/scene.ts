/**
 * Where faults happen: a real pgod with one live service, a visitor, and programs that can be halted.
 * @module
 */
import { fileURLToPath } from "node:url";
import { freePort } from "../e2e/port.ts";
import { oneService, status, web } from "../e2e/services.ts";
import { as, get, ok, until } from "../e2e/shell.ts";
import { baseImage, USERS } from "../e2e/users.ts";
import { withWorld, type World } from "../e2e/world.ts";
import { createHalts, type Halts } from "./halts.ts";
import { Visitor } from "./visitor.ts";

/** The user everything runs as. */
export const [USER] = USERS;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A text of the program in place of another: the protection that it takes away. */
export interface Mutation {
  file: string;
  find: string;
  replace: string;
}

/** What a fault works with. */
export interface Scene {
  world: World;
  halts: Halts;
  visitor: Visitor;
  port: number;
  /** Pushes a revision whose page is `page`; `change` edits its compose file. */
  publish(page: string, change?: (compose: string) => string): Promise<string>;
  /** Where pgod keeps the service. */
  dir: string;
}

/** What is there in the end. */
export interface Outcome {
  /** What the visitor is shown. */
  page: string;
  /** Whether pgod came to rest, and its status could be asked. */
  calm: boolean;
  /** Milliseconds. */
  outage: number;
  /** Containers and monitors that belong to no live deployment. */
  orphans: number;
}

/**
 * Sets the scene (the page "one" is live), lets `fault` happen, and waits until `expected` is served and pgod is at
 * rest, or `patience` is over. @throws {Error} when the scene could not be set or the fault was not reached: that says
 * nothing of the protection.
 */
export async function play(
  { fault, holds, expected, mutations = [], patience = 60_000 }: {
    fault: (scene: Scene) => Promise<void>;
    holds?: (scene: Scene) => Promise<boolean>;
    /** `""`: nothing is served any more. */
    expected: string;
    mutations?: readonly Mutation[];
    patience?: number;
  },
): Promise<Outcome> {
  await baseImage(USER);
  const halts = await createHalts();
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  const pgod = mutations.length > 0 ? await mutated(mutations) : undefined;
  let version = 1;
  let outcome: Outcome = { page: "", calm: false, outage: 0, orphans: 0 };
  try {
    await withWorld({
      files: { shop: web(port, "one") },
      config: (world) => oneService(world, port),
      path: halts.path,
      pgod: pgod && `${pgod}/pgod.ts`,
    }, async (world) => {
      await world.start();
      await until("the first page", async () => await get(url) === "one");
      await until("it is live", () => Promise.resolve(world.log().includes("is live")));
      const visitor = new Visitor(url);
      const publish: Scene["publish"] = (page, change = (text) => text) => {
        const files = web(port, page, ++version);
        const compose = change(files["docker-compose.yml"] ?? "");
        return world.push("shop", { ...files, "docker-compose.yml": compose });
      };
      try {
        await until("a visit", () => Promise.resolve(visitor.page === "one"));
        const scene = { world, halts, visitor, port, publish, dir: `${world.dir}/lib/shop` };
        await fault(scene);
        await halts.release();
        const calm = await until(
          `the page ${JSON.stringify(expected)}`,
          async () =>
            visitor.page === expected && await isCalm(world) && (!holds || await holds(scene)),
          patience,
        ).then(() => true, () => false);
        const { page, outage } = visitor;
        const orphans = calm ? await countOrphans(world) : 0;
        outcome = { page, calm, outage, orphans };
      } finally {
        await visitor.leave();
      }
    });
    return outcome;
  } finally {
    await halts.remove();
    if (pgod) await ok(["rm", "-rf", pgod]);
  }
}

/** Nothing is under way any more. */
async function isCalm(world: World): Promise<boolean> {
  const { last, busy } = await status(world);
  return last?.outcome !== "running" && !busy;
}

/** Containers that are not of the live deployment, and monitors of containers that Podman does not know. */
async function countOrphans(world: World): Promise<number> {
  const { deployment, stopped } = await status(world);
  const format = '{{.ID}} {{index .Labels "pgo.deployment"}}';
  const { stdout } = await as(USER, ["podman", "ps", "-a", "--no-trunc", "--format", format]);
  const list = stdout.split("\n").filter((line) => line !== "");
  const own = await as(USER, [
    "podman",
    "ps",
    "-aq",
    "--no-trunc",
    "--filter",
    "label=io.podman.compose.project=shop",
  ]);
  const foreign = list.filter((line) => own.stdout.includes(line.split(" ")[0] ?? "?")).filter((
    line,
  ) => stopped || line.split(" ")[1] !== String(deployment));
  const { stdout: processes } = await as(USER, ["ps", "-u", USER, "-o", "args="]);
  const known = new Set(list.map((line) => line.split(" ")[0]));
  const lost = [...processes.matchAll(/conmon\s.*?-c\s+([0-9a-f]{64})/g)].filter(([, id]) =>
    !known.has(id)
  );
  return foreign.length + lost.length;
}

/** A copy of pgod without a protection. @throws {Error} when the text to take away is not there. */
async function mutated(mutations: readonly Mutation[]): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "pgo-twin-" });
  await ok([
    "cp",
    "-r",
    ...["lib", "pgod.ts", "deno.json", "deno.lock"].map((name) => ROOT + name),
    dir,
  ]);
  await ok(["chmod", "-R", "a+rX", dir]);
  for (const { file, find, replace } of mutations) {
    const text = await Deno.readTextFile(`${dir}/${file}`);
    if (text.split(find).length !== 2) throw new Error(`${file} does not have this once: ${find}`);
    await Deno.writeTextFile(`${dir}/${file}`, text.replace(find, () => replace));
  }
  return dir;
}
