/**
 * Compose service names become containers by label, so that nothing a client sends is a container's
 * name or id, let alone one of another project.
 * @module
 */
import { type Container, containers } from "../host/podman.ts";
import { StatusError } from "../ssh/status.ts";
import type { Call } from "./command.ts";

/** The containers of the compose services named in `names`; of all when there is none. */
export async function pickContainers(
  { service, args }: Pick<Call, "service" | "args">,
  names: readonly string[] = args,
): Promise<Container[]> {
  const all = await containers(service.host.run, service.user, service.config.name);
  const known = [...new Set(all.map(({ composeService }) => composeService))];
  for (const name of names) {
    if (known.includes(name)) continue;
    const there = known.length > 0 ? `there is ${known.join(", ")}` : "no container is there";
    throw new StatusError(400, `no service ${JSON.stringify(name)} has a container, ${there}`);
  }
  if (all.length === 0) {
    throw new StatusError(400, `"${service.config.name}" has no containers, try up`);
  }
  return names.length === 0
    ? all
    : all.filter(({ composeService }) => names.includes(composeService));
}

/**
 * The same as Podman told at the last tick, which spares the time to ask it; undefined where that may not be all.
 * One of them may have been removed by hand since then.
 */
export function knownContainers(
  { service: { running }, args }: Pick<Call, "service" | "args">,
): Container[] | undefined {
  const named = (running?.containers ?? []).filter(({ composeService }) =>
    args.length === 0 || args.includes(composeService)
  );
  const names = new Set(named.map(({ composeService }) => composeService));
  return named.length > 0 && args.every((name) => names.has(name)) ? named : undefined;
}
