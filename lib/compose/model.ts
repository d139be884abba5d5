/**
 * A compose file in one canonical form: what is judged, and what the generated files are made of.
 * @module
 */
import type { Where } from "./problem.ts";

/** The services of a compose file that are to run. */
export interface Model {
  services: Service[];
  networks: NamedResource[];
  volumes: NamedResource[];
}

/** A label or an annotation. */
export interface Attribute {
  value: string;
  at: Where;
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
  labels: Record<string, Attribute>;
  at: Where;
}

/** One service of the compose file. */
export interface Service {
  name: string;
  at: Where;
  image: string | undefined;
  build: Build | undefined;
  /** What is pulled: `linux/amd64`; undefined: what fits the host. */
  platform: string | undefined;
  pullPolicy: "always" | "missing" | "never";
  command: string[] | undefined;
  entrypoint: string[] | undefined;
  environment: Record<string, Variable>;
  labels: Record<string, Attribute>;
  annotations: Record<string, Attribute>;
  ports: Port[];
  mounts: Mount[];
  networks: { name: string; at: Where }[];
  dependsOn: Dependency[];
  containerName: string | undefined;
  /** What only an admin can allow: `cap_add`, `devices`, … each with its values. */
  privileges: Privilege[];
  /** Keys that mean the same to podman-compose as they stand; see `shape.ts`. */
  plain: Record<string, string | string[] | true>;
  /** `1024` or `1024:2048` by name. */
  ulimits: Record<string, string>;
  logging: Logging | undefined;
  /** How long it gets to end by itself, as the file has it: `1m30s`. */
  stopGrace: string | undefined;
  health: HealthCheck | undefined;
  /** Secrets of Podman's that it gets, by name. */
  secrets: { name: string; at: Where }[];
}

/** How an image is built; paths are relative to the top of the repository. */
export interface Build {
  context: string;
  /** Relative to the context. */
  dockerfile: string | undefined;
  /** Its text, instead of a file. */
  inline: string | undefined;
  target: string | undefined;
  args: Record<string, string | null>;
  /** Images its Containerfile starts from or copies from. */
  images: string[];
  /** The platform it wants one of them for, `linux/arm64`; absent: the host's. */
  platforms: Record<string, string>;
  at: Where;
}

/** A variable of a container. */
export interface Variable {
  value: string;
  /** Holds a value of the config's `env`: never to be seen in argv. */
  secret: boolean;
  at: Where;
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
  /** As it stood in the file. */
  text: string;
  at: Where;
}

/** Something mounted into a container. */
export interface Mount {
  type: "bind" | "volume" | "tmpfs" | "content";
  /** bind: path relative to the repository, or absolute on the host. volume: its key, `""` for an anonymous one. content, tmpfs: `""`. */
  source: string;
  target: string;
  readOnly: boolean;
  /** Further options of Podman's: `Z`, `noexec`; of a tmpfs: `size=64m`. */
  options: string[];
  /** Paths of the repository that its source led through and back by `..`. */
  through?: string[];
  /** What the file holds that PGO writes for it; only `content`. */
  text?: string;
  at: Where;
}

/** A service that has to be there first. */
export interface Dependency {
  service: string;
  condition: "service_started" | "service_healthy" | "service_completed_successfully";
  required: boolean;
  at: Where;
}

/** Something only an admin can allow. */
export interface Privilege {
  /** The compose key: `cap_add`. */
  name: string;
  /** `NET_ADMIN`; `""` for a mere flag. */
  value: string;
  at: Where;
}

/** Where what a container prints goes. */
export interface Logging {
  driver: string;
  options: Record<string, string>;
  at: Where;
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
