/**
 * What a container has logged, through pgod and by Podman itself.
 * @module
 */
import { sleep } from "../lib/host/clock.ts";
import { sshCommand } from "../tests/e2e/clients.ts";
import { as } from "../tests/e2e/shell.ts";
import type { World } from "../tests/e2e/world.ts";
import { percentile, type Row, times } from "./measure.ts";
import { firstByte, own, peak, resident, succeeds } from "./programs.ts";

/** The size whose whole has a goal; others are too long to be read more than once. */
const WITH_GOAL = 20;
const FIRST_BYTES = 10;
/** Milliseconds after which what pgod held for a reader is given back. */
const REST = 2000;

/** The rows of `logs` of the container that has logged `size` megabytes; `user` is whose it is. */
export async function benchLogs(world: World, user: string, size: number): Promise<Row[]> {
  const container = `shop_talk${size}_1`;
  const ours = { argv: sshCommand(world, `shop//logs talk${size}`) };
  const theirs = await own(user, ["podman", "logs", container]);
  const { stdout: bytes } = await as(user, ["sh", "-c", `podman logs ${container} | wc -c`]);
  if (Number(bytes) < size * 1e6) throw new Error(`${bytes} bytes of logs, expected ${size} MB`);

  const before = await resident(world.pid());
  const turns = { pgo: () => succeeds(ours), podman: () => succeeds(theirs) };
  const whole = await times(size === WITH_GOAL ? 3 : 1, turns);
  const most = await peak(world.pid());
  await sleep(REST);
  const after = await resident(world.pid());
  const first = { pgo: [] as number[], podman: [] as number[] };
  for (let run = 0; run < FIRST_BYTES; run++) {
    first.pgo.push(await firstByte(ours));
    first.podman.push(await firstByte(theirs));
  }
  const beside = (value: number) => ({ what: "podman logs", value });
  const [took, theirTime] = [percentile(whole.pgo, 50), percentile(whole.podman, 50)];
  return [
    {
      what: `${size} MB of logs`,
      value: took,
      unit: "ms",
      floor: beside(theirTime),
      ...(size === WITH_GOAL ? { goal: { atMost: 1.3, of: "ratio" } } : {}),
    },
    {
      what: `${size} MB of logs`,
      value: size * 1000 / took,
      unit: "MB/s",
      floor: beside(size * 1000 / theirTime),
    },
    {
      what: `first byte of ${size} MB of logs`,
      value: percentile(first.pgo, 50),
      unit: "ms",
      floor: beside(percentile(first.podman, 50)),
      goal: { atMost: 2, of: "ratio" },
    },
    {
      what: `memory of pgod meanwhile, at most, above before (${size} MB)`,
      value: most - before,
      unit: "MB",
    },
    {
      what: `memory of pgod afterwards, above before (${size} MB)`,
      value: Math.max(0, after - before),
      unit: "MB",
      goal: { atMost: 20, of: "value" },
    },
  ];
}
