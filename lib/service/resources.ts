/**
 * What containers join or mount and no run file makes: shared networks and Podman's own secrets.
 * @module
 */
import { composeSecrets } from "../compose/run_file.ts";
import type { User } from "../host/as_user.ts";
import { ensureNetworks, removeNetworks } from "../host/networks.ts";
import { podmanSecrets } from "../host/podman.ts";
import { StepError } from "./prepare.ts";
import type { Host, Service } from "./service.ts";

/**
 * Makes the networks that the config lists, and looks for the secrets that the text of a run file names.
 * @throws {StepError} saying which is not there, and what makes it.
 */
export async function readyResources(service: Service, text: string): Promise<void> {
  const { host: { run, dir }, user, config } = service;
  try {
    await ensureNetworks(run, user, config.networks, dir);
  } catch (error) {
    throw new StepError((error as Error).message);
  }
  const wanted = composeSecrets(text);
  const known = wanted.length > 0 ? await podmanSecrets(run, user) : new Set();
  const missing = wanted.find((name) => !known.has(name));
  if (missing === undefined) return;
  throw new StepError(
    `user "${user.name}" has no podman secret ${missing}: podman secret create ${missing} FILE makes it`,
  );
}

/** Removes networks that PGO made for `owners` and none of `services` lists any more, once nobody is in them. */
export async function sweepNetworks(
  { run, log, dir }: Pick<Host, "run" | "log" | "dir">,
  services: readonly Service[],
  owners: readonly User[],
): Promise<void> {
  for (const owner of new Map(owners.map((user) => [user.name, user])).values()) {
    const own = services.filter(({ user }) => user.name === owner.name);
    const kept = new Set(own.flatMap(({ config }) => config.networks));
    for (const name of await removeNetworks(run, owner, kept, dir).catch(() => [])) {
      log.info("network.removed", `Network "${name}" of "${owner.name}" is no longer wanted`, {
        network: name,
        user: owner.name,
      });
    }
  }
}
