/**
 * The Unix user whose containers the demo starts, and removes: one that the demo made itself.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Run } from "./run.ts";

export const USER = "pgo-demo";
/** What the user's GECOS field says, so that the demo knows its own user again. */
const MARK = "made by deno task demo";
const PREPARE = fileURLToPath(new URL("../prepare-host.sh", import.meta.url));

/** The user's line of the passwd database; `""` where there is no such user. */
function entry(run: Run): Promise<string> {
  return run(["bash", "-c", `getent passwd ${USER} || [[ $? == 2 ]]`]);
}

/** Why the demo must not touch the user, in one line; undefined where it may. */
export async function foreignUser(run: Run): Promise<string | undefined> {
  const found = await entry(run);
  if (found === "" || found.split(":")[4] === MARK) return;
  return `The user ${USER} was not made by the demo, which removes all its containers: rename it, remove it, or hand it over (usermod -c "${MARK}" ${USER}).`;
}

/** Makes the host ready, and the user with nothing that runs; returns what it did. */
export async function prepareUser(run: Run): Promise<string> {
  if (await entry(run) === "") {
    await run([
      "bash",
      "-c",
      `useradd --create-home --shell /bin/bash --comment '${MARK}' ${USER}`,
    ]);
  }
  const said = await run(["bash", PREPARE, USER]);
  await asUser(run, "podman", "rm", "-af", "-t", "1");
  return said;
}

/** Runs a program as the user, with the environment rootless Podman needs. */
export async function asUser(run: Run, ...argv: string[]): Promise<string> {
  const uid = await run(["id", "-u", USER]);
  return await run(["runuser", "-u", USER, "--", ...argv], {
    env: { HOME: `/home/${USER}`, USER, XDG_RUNTIME_DIR: `/run/user/${uid}` },
  });
}

/** Removes the user's containers, images and networks. */
export async function emptyUser(run: Run): Promise<void> {
  await asUser(run, "podman", "rm", "-af", "-t", "1").catch(() => {});
  await asUser(run, "podman", "rmi", "-af").catch(() => {});
  await asUser(run, "podman", "network", "prune", "-f").catch(() => {});
  // Ends Podman's own process, which would keep userdel from removing the user.
  await asUser(run, "podman", "system", "migrate").catch(() => {});
}
