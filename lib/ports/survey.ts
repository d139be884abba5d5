/**
 * What this host says of its ports. A pgod that runs is not asked and not disturbed: what it wrote beside the run
 * files, `ss` and Podman know.
 * @module
 */
import type { Config } from "../config/parse.ts";
import type { PortRange } from "../config/ports.ts";
import type { User } from "../host/as_user.ts";
import { type Listener, listeners } from "../host/listeners.ts";
import type { Run } from "../host/process.ts";
import { publishedPorts } from "../host/published.ts";
import { serviceDirectory } from "../host/service_directory.ts";
import { accountName } from "../host/users.ts";
import { recordedPlan } from "../service/state.ts";
import { type Book, type Facts, portBook } from "./book.ts";

/** Users that are looked up by name at most; of others the number is shown. */
const NAMES = 100;

/** Who listens on these ports, or anywhere, with the names of users. */
export async function namedListeners(
  run: Run,
  ports?: readonly PortRange[],
): Promise<Facts["listeners"]> {
  const found = await listeners(run, ports);
  // A user can have as many numbers as /etc/subuid gives.
  const uids = [...new Set(found.map(({ uid }) => uid))].slice(0, NAMES);
  const names = new Map(
    await Promise.all(uids.map(async (uid) => [uid, await accountName(run, uid)] as const)),
  );
  return found.map((one: Listener) => ({ ...one, user: names.get(one.uid) ?? String(one.uid) }));
}

/** What the containers of these users publish, and of whom that is not known. */
export async function publishedBy(
  run: Run,
  users: Iterable<User>,
): Promise<Required<Pick<Facts, "published" | "unknown">>> {
  const unknown = new Map<string, string>();
  const all = await Promise.all([...users].map(async (user) => {
    try {
      const found = await publishedPorts(run, user);
      return found.map((one) => ({ ...one, user: user.name }));
    } catch (error) {
      const [line = ""] = (error as Error).message.split("\n");
      unknown.set(user.name, `the containers of user ${user.name} are not known: ${line}`);
      return [];
    }
  }));
  return { published: all.flat(), unknown };
}

/** The book of a host whose services keep their files below `dir`. @throws {Error} with one line. */
export async function hostBook(
  run: Run,
  { services }: Pick<Config, "services">,
  users: ReadonlyMap<string, User>,
  dir: string,
): Promise<Book> {
  const planned = services.map(async (config) => {
    const user = users.get(config.user);
    const paths = serviceDirectory(dir, config.name);
    const plan = user && await recordedPlan(run, user, paths);
    // Without root the invoking user stands for all: containers are under that name.
    return {
      config: { ...config, user: user?.name ?? config.user },
      planned: plan?.wanted.flatMap(({ published }) => published) ?? [],
    };
  });
  const distinct = new Map([...users.values()].map((user) => [user.name, user]));
  return portBook({
    services: await Promise.all(planned),
    ...await publishedBy(run, distinct.values()),
    listeners: await namedListeners(run),
  });
}

/** The first port that everybody may bind. */
export async function firstUnprivilegedPort(run: Run): Promise<number> {
  // cat reads it: Deno opens nothing below /proc without --allow-all.
  const path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  const { code, stdout } = await run({ argv: ["cat", path] });
  return code === 0 && /^\d+\s*$/.test(stdout) ? Number(stdout) : 1024;
}
