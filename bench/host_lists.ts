/**
 * `ps` of a service, beside Podman's own and podman-compose's.
 * @module
 */
import { sshCommand } from "../tests/e2e/clients.ts";
import type { World } from "../tests/e2e/world.ts";
import { percentile, type Row, times } from "./measure.ts";
import { own, succeeds } from "./programs.ts";

const RUNS = 6;

/** The rows of `ps`; `user` is whose the service "shop" is. */
export async function benchLists(world: World, user: string): Promise<Row[]> {
  const file = `${world.dir}/lib/shop/deployments/1.run.yaml`;
  const podman = await own(user, ["podman", "ps", "-a"]);
  const compose = await own(user, ["podman-compose", "-p", "shop", "-f", file, "ps"]);
  const took = await times(RUNS, {
    pgo: () => succeeds({ argv: sshCommand(world, "shop//ps") }),
    podman: () => succeeds(podman),
    compose: () => succeeds(compose),
  });
  const row = (what: string, all: number[]): Row => ({
    what: "ssh … ps",
    value: percentile(took.pgo, 50),
    unit: "ms",
    floor: { what, value: percentile(all, 50) },
  });
  return [
    { ...row("podman-compose ps", took.compose), goal: { atMost: 0.2, of: "ratio" } },
    row("podman ps", took.podman),
  ];
}
