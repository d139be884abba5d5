/**
 * PGO beside the programs it works with, on real containers: git, podman and podman-compose as the service's user.
 * Needs root.
 * @module
 */
import { freePort } from "../tests/e2e/port.ts";
import { oneService, status, web } from "../tests/e2e/services.ts";
import { as, until } from "../tests/e2e/shell.ts";
import { BASE, baseImage, USERS } from "../tests/e2e/users.ts";
import { withWorld } from "../tests/e2e/world.ts";
import { benchLists } from "./host_lists.ts";
import { benchLogs } from "./host_logs.ts";
import { benchPush } from "./host_push.ts";
import { benchRestart } from "./host_restart.ts";
import { benchTicks } from "./host_ticks.ts";
import type { Row } from "./measure.ts";

/** Megabytes that containers have logged. */
const LOGS = [20, 100];

/** A container that prints `size` megabytes in lines of 91 bytes, says so, and stays. */
const talker = (size: number) =>
  `  talk${size}:
    image: ${BASE}
    init: true
    logging: { driver: json-file, options: { max-size: 1g } }
    command: ["sh", "-c", "yes ${
    "0123456789".repeat(9)
  } | head -c ${size}000000; echo; echo the end; sleep 100000"]
`;

/** The rows of this part. */
export async function benchHost(): Promise<Row[]> {
  const [user, other] = USERS;
  await baseImage(user);
  await baseImage(other);
  const port = freePort();
  const rows: Row[] = [];
  const files = web(port, "one");
  const plain = files["docker-compose.yml"] ?? "";
  const talkers = plain.replace("services:\n", `services:\n${LOGS.map(talker).join("")}`);
  await withWorld(
    {
      files: { shop: { ...files, "docker-compose.yml": talkers } },
      config: (world) => oneService(world, port),
    },
    async (world) => {
      await world.start();
      await until("it is live", async () => (await status(world)).deployment === 1, 120_000);
      for (const size of LOGS) {
        await until(`${size} MB are logged`, async () => {
          const last = ["podman", "logs", "--tail", "1", `shop_talk${size}_1`];
          return (await as(user, last)).stdout.includes("the end");
        }, 120_000);
      }
      rows.push(...await benchLists(world, user));
      for (const size of LOGS) rows.push(...await benchLogs(world, user, size));
      // Those that have logged are taken away by the first push, which counts for nothing.
      rows.push(...await benchPush(world, { port, user: other, compose: plain }));
      rows.push(...await benchTicks(world, user));
      rows.push(...await benchRestart(world));
    },
  );
  return rows;
}
