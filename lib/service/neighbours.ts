/**
 * What a service has to know of the others in the config, and whether any of it has changed.
 * @module
 */
import { foreignNetworks } from "../config/networks.ts";
import type { Config, ServiceConfig } from "../config/parse.ts";
import type { Service } from "./service.ts";

/** The config of a service that no config names any more. */
export const NOBODY: ServiceConfig = {
  name: "",
  user: "",
  repository: { url: "" },
  branch: "",
  urls: [],
  ports: undefined,
  compose: undefined,
  env: {},
  mounts: [],
  networks: [],
  volumes: [],
  secrets: [],
  registries: [],
  files: {},
  profiles: [],
  allow: [],
};

/** What belongs to other services of `config`, and to other users. */
export function surroundings(
  config: Pick<Config, "services">,
  service: Pick<ServiceConfig, "name" | "user">,
): Pick<Service, "foreignPorts" | "foreignNetworks"> {
  const foreignPorts = config.services.filter(({ name }) => name !== service.name)
    .flatMap(({ name, ports }) => (ports ?? []).map((range) => ({ range, service: name })));
  return { foreignPorts, foreignNetworks: foreignNetworks(config, service) };
}

/** Whether `service` is what `config` says of it, and its surroundings too. */
export function sameService(
  { config, foreignPorts, foreignNetworks }: Service,
  next: ServiceConfig,
  whole: Config,
): boolean {
  return JSON.stringify([config, { foreignPorts, foreignNetworks }]) ===
    JSON.stringify([next, surroundings(whole, next)]);
}
