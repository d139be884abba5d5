/**
 * What a deployed service costs while nothing happens: real git, real Podman.
 * @module
 */
import { sleep } from "../lib/host/clock.ts";
import { ok } from "../tests/e2e/shell.ts";
import type { World } from "../tests/e2e/world.ts";
import type { Row } from "./measure.ts";
import { cpu, own, resident } from "./programs.ts";

/** Milliseconds that are watched; a tick comes each second. */
const WATCHED = 25_000;
/** How often the floor is run. */
const LOOKS = 20;

/** The rows of idle ticks of the service "shop", which is `user`'s. */
export async function benchTicks(world: World, user: string): Promise<Row[]> {
  // Let the tick after a deployment go by, in which Podman is asked once.
  await sleep(3000);
  const [before, log] = [await cpu(world.pid()), world.log().length];
  await sleep(WATCHED);
  const after = await cpu(world.pid());
  const lines = world.log().slice(log).split("\n").filter((line) => line.includes("running"));
  const ticks = lines.filter((line) => line.includes("ls-remote")).length;
  return [
    {
      what: `Run calls of an idle tick, of ${ticks} ticks`,
      value: lines.length / ticks,
      unit: "calls",
      goal: { atMost: 1, of: "value" },
    },
    {
      what: "CPU of an idle tick, in pgod",
      value: (after.itself - before.itself) / ticks,
      unit: "ms",
    },
    {
      what: "CPU of an idle tick, in what pgod starts: runuser, sh, git, ps",
      value: (after.children - before.children) / ticks,
      unit: "ms",
      floor: { what: "git ls-remote by hand, as the user", value: await lsRemote(world, user) },
    },
    { what: "memory of pgod after all this", value: await resident(world.pid()), unit: "MB" },
  ];
}

/** Milliseconds of a processor that the user's own `git ls-remote` takes. */
async function lsRemote({ dir }: World, user: string): Promise<number> {
  const ask = `git ls-remote -q file://${dir}/shop.git refs/heads/main >/dev/null`;
  // Each look is a process of the user's, as in a tick; `times` sums up what they took.
  const once = await own(user, ["sh", "-c", ask], { GIT_CONFIG_GLOBAL: `${dir}/hand.gitconfig` });
  const script = `for look in ${Array(LOOKS).fill("x").join(" ")}; do "$@"; done; times`;
  const said = await ok(["sh", "-c", script, "sh", ...once.argv], { env: once.env });
  const seconds = [...(said.split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds));
  return seconds.reduce((sum, one) => sum + one, 0) * 1000 / LOOKS;
}
