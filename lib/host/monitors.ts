/**
 * The monitors of containers: Podman calls a container running as long as its monitor has not said otherwise, so
 * one whose monitor was killed looks well although nobody restarts it and nothing forwards its ports.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Run } from "./process.ts";

/** What lists the processes that {@link monitorsOf} reads. */
export function processesArgv(user: Pick<User, "uid">) {
  return ["ps", "-u", String(user.uid), "-o", "pid=,args="] as const;
}

/** Ids of the containers that have a monitor, from a user's processes, a line each. */
export function monitorsOf(processes: string): Set<string> {
  // The monitor of an exec has an id of its own behind -u. Any process of the user's can call itself anything, over
  // and over: each line is gone through once.
  const found = processes.split("\n").flatMap((line) => {
    const [, id] =
      /^\s*(?:\d+\s+)?(?:\S*\/)?conmon\s.*?-c\s+([0-9a-f]{64})\s+-u\s+\1\s/.exec(line) ?? [];
    return id ? [id] : [];
  });
  return new Set(found);
}

/** Of running containers those whose monitor is gone, with the process id it had. */
export async function unmonitored(
  run: Run,
  user: User,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const format = "{{.Id}} {{.State.ConmonPid}}";
  const { stdout } = await run({ argv: ["podman", "inspect", "--format", format, ...ids], user });
  const processes = (await run({ argv: processesArgv(user), user })).stdout.split("\n");
  const monitors = new Set(
    processes.filter((line) => line.includes("conmon")).map((line) => line.trim().split(" ")[0]),
  );
  const pairs = stdout.trim().split("\n").map((line) => line.split(" ") as [string, string]);
  return new Map(pairs.filter(([, pid]) => Number(pid) > 0 && !monitors.has(pid)));
}
