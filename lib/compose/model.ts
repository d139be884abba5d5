/**
 * A compose file in one canonical form: what is judged, and what the generated files are made of.
 * @module
 */
import type { Place } from "./problem.ts";

/** The services of a compose file that are to run. */
export interface Model {
  services: Service[];
  networks: NamedResource[];
  volumes: NamedResource[];
  /** Where the value at a key stands. */
  place(key: string): Place;
}

/** A top-level network or volume. */
export interface NamedResource {
  /** Its key in the compose file. */
  name: string;
  /** Its name in Podman; undefined: `<service>_<name>`. */
  podmanName: string | undefined;
  /** Made by somebody else, only used here. */
  external: boolean;
  /** A network without a way out. */
  internal: boolean;
  key: string;
}

/** One service of the compose file. */
export interface Service {
  name: string;
  /** `services.web` */
  key: string;
  image: string | undefined;
  build: Build | undefined;
  pullPolicy: "always" | "missing" | "never";
  command: string[] | undefined;
  entrypoint: string[] | undefined;
  environment: Record<string, Variable>;
  labels: Record<string, string>;
  ports: Port[];
  mounts: Mount[];
  networks: string[];
  dependsOn: string[];
  containerName: string | undefined;
  /** What only an admin can allow: `cap_add`, `devices`, … each with its values. */
  privileges: { key: string; name: string; value: string }[];
  /** Keys that mean the same to podman-compose as they stand; see `shape.ts`. */
  plain: Record<string, string | string[] | true>;
  health: HealthCheck | undefined;
}

/** How an image is built; paths are relative to the top of the repository. */
export interface Build {
  context: string;
  dockerfile: string | undefined;
  target: string | undefined;
  args: Record<string, string | null>;
  key: string;
}

/** A variable of a container. */
export interface Variable {
  /** null: it is handed down from the config's `env`, or stays unset. */
  value: string | null;
  /** Holds a value of the config's `env`: never to be seen in argv. */
  secret: boolean;
}

/** Host ports that lead into a container. */
export interface Port {
  hostIp: string;
  /** First and last host port; undefined: Podman picks one. */
  from: number | undefined;
  to: number | undefined;
  /** Container port or range, as text. */
  target: string;
  protocol: "tcp" | "udp";
  key: string;
  /** As it stood in the file. */
  text: string;
}

/** Something mounted into a container. */
export interface Mount {
  type: "bind" | "volume" | "tmpfs";
  /** bind: path relative to the repository, or absolute on the host. volume: its key, `""` for an anonymous one. */
  source: string;
  target: string;
  readOnly: boolean;
  key: string;
}

/** A health check; durations as the file has them. */
export interface HealthCheck {
  /** undefined: the image's own is switched off. */
  test: string[] | undefined;
  interval?: string;
  timeout?: string;
  startPeriod?: string;
  retries?: string;
}
