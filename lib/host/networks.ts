/**
 * Networks that services of one user share: made when the config lists them, removed when nothing does.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Run } from "./process.ts";
import { must } from "./service_directory.ts";

/** The label of a network that PGO made; its value is `--dir`: another pgod's are nothing to touch. */
const LABEL = "pgo.network";

const exists = async (run: Run, user: User, name: string): Promise<boolean> =>
  (await run({ argv: ["podman", "network", "exists", name], user })).code === 0;

/** Makes those of `names` that the user does not have. @throws {Error} in one line. */
export async function ensureNetworks(
  run: Run,
  user: User,
  names: readonly string[],
  dir: string,
): Promise<void> {
  for (const name of names) {
    if (await exists(run, user, name)) continue;
    const argv = ["podman", "network", "create", "--label", `${LABEL}=${dir}`, name] as const;
    const { code, stderr } = await run({ argv, user });
    // Another service of the user's may have made it in between.
    if (code === 0 || await exists(run, user, name)) continue;
    const said = stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(`network ${name} cannot be made: ${said.replace(/^Error: /, "")}`);
  }
}

/** Gives each bridge the address it has for good; run where rootless networks are. */
const PIN = `for bridge; do
  address=$(ip -o link show dev "$bridge" | sed -n 's/.*link.ether \\([0-9a-f:]*\\).*/\\1/p')
  [ -z "$address" ] || ip link set dev "$bridge" address "$address"
done`;

/**
 * Keeps the hardware addresses of networks' bridges. Linux gives a bridge the lowest one among its members: a
 * container that joins can change it, and those that were there before then reach neither gateway nor names for up to
 * half a minute. Does what it can: a network without containers has no bridge.
 */
export async function pinBridges(run: Run, user: User, networks: readonly string[]): Promise<void> {
  if (networks.length === 0) return;
  const format = "{{.NetworkInterface}}";
  const { stdout } = await run({
    argv: ["podman", "network", "inspect", "--format", format, ...networks],
    user,
  });
  const bridges = stdout.split("\n").filter((name) => /^\w[\w.-]*$/.test(name));
  if (bridges.length === 0) return;
  const inside = ["podman", "unshare", "--rootless-netns"] as const;
  await run({ argv: [...inside, "sh", "-c", PIN, "sh", ...bridges], user });
}

/** Removes networks of the user that PGO made, but `kept` and such that have containers. Returns the removed ones. */
export async function removeNetworks(
  run: Run,
  user: User,
  kept: ReadonlySet<string>,
  dir: string,
): Promise<string[]> {
  const filter = `label=${LABEL}=${dir}`;
  const format = "{{.Name}}";
  const { stdout } = await must(run, {
    argv: ["podman", "network", "ls", "--filter", filter, "--format", format],
    user,
  });
  const removed: string[] = [];
  for (const name of stdout.split("\n").filter((name) => name !== "" && !kept.has(name))) {
    // Without --force Podman keeps a network that a container is in, running or not.
    if ((await run({ argv: ["podman", "network", "rm", name], user })).code === 0) {
      removed.push(name);
    }
  }
  return removed;
}
