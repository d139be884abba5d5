/**
 * The users that tests' services run as: the base image before a test, and nothing that runs after it.
 * @module
 */
import { claim } from "./claim.ts";
import { as, ok } from "./shell.ts";

/** The two users that `deno task test` makes ready; two checkouts tested at once need two each. */
const [first = "pgo-e2e-a", second = "pgo-e2e-b"] = Deno.env.get("PGO_E2E_USERS")?.split(",") ?? [];
export const USERS = [first, second] as const;
/** The image everything is built from: Debian's static busybox and nothing else. */
export const BASE = "localhost/pgo-e2e-base";

/** Makes sure that `user` has the base image, and that nobody else tests with the users. */
export async function baseImage(user: string): Promise<void> {
  await claim(USERS);
  if ((await as(user, ["podman", "image", "exists", BASE])).code === 0) return;
  const dir = await Deno.makeTempDir();
  await Deno.chmod(dir, 0o755);
  await Deno.copyFile("/bin/busybox", `${dir}/busybox`);
  await Deno.writeTextFile(
    `${dir}/Containerfile`,
    'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n',
  );
  const { code, stderr } = await as(user, ["podman", "build", "-q", "-t", BASE, dir]);
  await ok(["rm", "-rf", dir]);
  if (code !== 0) throw new Error(stderr);
}

/** Removes the containers, volumes and networks of all users. */
export async function emptyUsers(): Promise<void> {
  for (const user of USERS) {
    await as(user, ["podman", "rm", "-af", "-t", "0"]);
    await as(user, ["podman", "volume", "prune", "-f"]);
    await as(user, ["podman", "network", "prune", "-f"]);
  }
}
