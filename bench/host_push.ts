/**
 * From a push to a service that is well, beside the same by hand: pull, build, down, up.
 * @module
 */
import { status } from "../tests/e2e/services.ts";
import { freePort } from "../tests/e2e/port.ts";
import { get, ok } from "../tests/e2e/shell.ts";
import type { World } from "../tests/e2e/world.ts";
import { percentile, type Row } from "./measure.ts";
import { own, succeeds, when } from "./programs.ts";

const RUNS = 3;

/** Where the service "shop" is, and whom the other one belongs to that is deployed by hand. */
interface Shop {
  port: number;
  user: string;
  compose: string;
}

/** The rows of a push. */
export async function benchPush(world: World, { port, user, compose }: Shop): Promise<Row[]> {
  const otherPort = freePort();
  // By hand it is at another port, of the same file.
  const text = compose.replace(`${port}:`, `\${PORT:-${port}}:`);
  const hand = await byHand(world, user, otherPort);
  const took = { port: [] as number[], live: [] as number[], hand: [] as number[] };
  const shows = (at: number, page: string) => async () =>
    await get(`http://127.0.0.1:${at}/`) === page;
  const lives = () => world.log().split(" is live").length;
  for (let run = 0; run <= RUNS; run++) {
    const page = `run ${run}`;
    const known = lives();
    const begin = performance.now();
    await world.push("shop", {
      "www/index.html": page,
      "docker-compose.yml": `${text}x-run: ${run}\n`,
    });
    const answered = await when("the port shows it", shows(port, page));
    const live = await when("it is live", () => Promise.resolve(lives() > known));
    if ((await status(world)).deployment !== run + 2) throw new Error("status does not say so");
    const handed = performance.now();
    await succeeds(hand);
    const shown = await when("the port shows it, by hand", shows(otherPort, page));
    // The first takes away more than others.
    if (run === 0) continue;
    took.port.push(answered - begin);
    took.live.push(live - begin);
    took.hand.push(shown - handed);
  }
  const floor = { what: "by hand: git pull, build, down, up", value: percentile(took.hand, 50) };
  const row = (what: string, all: number[]): Row => ({
    what,
    value: percentile(all, 50),
    unit: "ms",
    floor,
  });
  return [
    row("push until its port shows it (a look each second)", took.port),
    row("push until live: the same, and 3 s of watching", took.live),
  ];
}

/** What `user` would type after a push, in a clone that is made now. */
async function byHand({ dir }: World, user: string, port: number) {
  const clone = `${dir}/hand`;
  await ok(["install", "-d", "-o", user, clone]);
  await Deno.writeTextFile(`${dir}/hand.gitconfig`, "[safe]\n\tdirectory = *\n");
  const env = { GIT_CONFIG_GLOBAL: `${dir}/hand.gitconfig`, PORT: `${port}`, SECRET: "x" };
  await succeeds(await own(user, ["git", "clone", "-q", `file://${dir}/shop.git`, clone], env));
  const steps = [
    "git pull -q",
    ...["build", "down", "up -d"].map((step) => `podman-compose -p hand ${step}`),
  ];
  return await own(user, ["sh", "-ec", `cd ${clone}; ${steps.join("; ")}`], env);
}
