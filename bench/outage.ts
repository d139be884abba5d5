/**
 * How long a visitor gets no answer when the compose file changes and a build takes five seconds: PGO's order
 * against the ancestor's (down, build, up), on real podman and podman-compose. Needs root.
 * @module
 */
import { BASE } from "../tests/e2e/users.ts";
import { DOWN_FIRST } from "../tests/faults/fault.ts";
import { play, type Scene } from "../tests/faults/scene.ts";
import type { Row } from "./measure.ts";

const RUNS = 3;

async function slowBuild({ world, publish }: Scene): Promise<void> {
  // Another text each time: else the layer that takes five seconds comes from the cache of the run before.
  const nonce = crypto.randomUUID();
  const slow = `FROM ${BASE}\nCOPY www /www\nENV NONCE=${nonce}\nRUN ["/bin/sleep", "5"]\n`;
  await world.push("shop", { Slow: slow });
  await publish("two", (text) => text.replace("file: Containerfile", "file: Slow"));
}

/** The rows of this part. */
export async function benchOutage(): Promise<Row[]> {
  const outages = { ours: [] as number[], ancestor: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    const common = { fault: slowBuild, expected: "two", patience: 90_000 };
    outages.ours.push((await play(common)).outage);
    outages.ancestor.push((await play({ ...common, mutations: DOWN_FIRST })).outage);
  }
  const middle = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? NaN;
  return [{
    what: "outage of a change with a build of 5 s",
    value: middle(outages.ours),
    unit: "ms",
    floor: { what: "the ancestor's order", value: middle(outages.ancestor) },
    goal: { atMost: 0.25, of: "ratio" },
  }];
}
