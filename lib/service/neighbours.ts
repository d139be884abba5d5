/**
 * What a service has to know of the others in the config, and whether any of it has changed.
 * @module
 */
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

/** What the services of a host own: one list for all of them, since a list each would grow with their square. */
export interface Estate {
  ports: Service["foreignPorts"];
  networks: Service["foreignNetworks"];
  /** The same text: everybody's neighbours have what they had. */
  text: string;
}

/** What the services of `config` own. */
export function estateOf({ services }: Pick<Config, "services">): Estate {
  const ports = services.flatMap(({ name, ports }) =>
    (ports ?? []).map((range) => ({ range, service: name }))
  );
  const networks = services.flatMap(({ name, user, networks }) =>
    networks.map((network) => ({ network, service: name, user }))
  );
  return { ports, networks, text: JSON.stringify([ports, networks]) };
}
