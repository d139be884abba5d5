/**
 * Networks that the config lists: services of one user share them, services of others cannot.
 * @module
 */
import type { Config, ServiceConfig } from "./parse.ts";

/** The networks that services of other users than `service`'s list. */
export function foreignNetworks(
  { services }: Pick<Config, "services">,
  { user }: Pick<ServiceConfig, "user">,
): { network: string; service: string; user: string }[] {
  return services.filter((other) => other.user !== user).flatMap(({ name, user, networks }) =>
    networks.map((network) => ({ network, service: name, user }))
  );
}
