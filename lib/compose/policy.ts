/**
 * What a service may do on this host: the model against the config, with everything refused by name.
 * @module
 */
import { formatPortRange, inRanges, type PortRange } from "../config/ports.ts";
import type { Model, Mount, Port, Service } from "./model.ts";
import type { Violation } from "./problem.ts";

/** What the config grants a service. */
export interface Policy {
  /** Name of the PGO service. */
  service: string;
  /** Host ports it may publish; undefined: any that are not `foreignPorts`; empty: none. */
  ports: PortRange[] | undefined;
  /** Ranges of the other services. */
  foreignPorts: { range: PortRange; service: string }[];
  /** Absolute directories that may be mounted besides `checkout` and `dataDir`. */
  mounts: string[];
  /** External networks and volumes it may use. */
  networks: string[];
  volumes: string[];
  /** `"cap_add:NET_ADMIN"`, `"privileged"`, … */
  allow: string[];
  checkout: string;
  dataDir: string;
}

type Add = (key: string, message: string, allow?: string) => void;

/** Everything in `model` that `policy` does not allow. */
export function judge(model: Model, policy: Policy): Violation[] {
  const violations: Violation[] = [];
  const add: Add = (key, message, allow) =>
    void violations.push({ ...model.place(key), key, message, allow });
  for (const service of model.services) {
    for (const port of service.ports) judgePort(port, policy, add);
    for (const mount of service.mounts) judgeMount(mount, policy, add);
    judgeNames(service, policy, add);
    for (const { key, name, value } of service.privileges) {
      const permission = value === "" ? name : `${name}:${value}`;
      if (!policy.allow.includes(permission)) {
        add(key, `${value || name} is a privilege`, `allow = [${JSON.stringify(permission)}]`);
      }
    }
  }
  for (const kind of ["networks", "volumes"] as const) {
    for (const { key, external, podmanName } of model[kind]) {
      if (external && !policy[kind].includes(podmanName ?? "")) {
        add(
          key,
          `${podmanName} belongs to somebody else`,
          `${kind} = [${JSON.stringify(podmanName)}]`,
        );
      }
      if (!external && podmanName !== undefined && !podmanName.startsWith(`${policy.service}_`)) {
        add(
          key,
          `${podmanName} could be another service's, expected a name that begins with "${policy.service}_"`,
        );
      }
    }
  }
  return violations;
}

function judgePort({ from, to, key, text }: Port, { ports, foreignPorts }: Policy, add: Add): void {
  const own = ports === undefined
    ? "any but another service's"
    : ports.map(formatPortRange).join(", ") || "none";
  if (from === undefined || to === undefined) {
    if (ports === undefined && foreignPorts.length === 0) return;
    add(
      key,
      `${
        JSON.stringify(text)
      } lets podman pick a host port, which could be another service's, expected one of this service's: ${own}`,
    );
    return;
  }
  for (let port = from; port <= to; port++) {
    const owner = foreignPorts.find(({ range }) => inRanges([range], port));
    if (owner) {
      return add(
        key,
        `host port ${port} belongs to service "${owner.service}", expected one of this service's: ${own}`,
      );
    }
    if (ports && !inRanges(ports, port)) {
      return add(
        key,
        `host port ${port} is not this service's, expected one of: ${own}`,
        `ports = ["${port}/0"]`,
      );
    }
  }
}

function judgeMount({ type, source, key }: Mount, policy: Policy, add: Add): void {
  if (type !== "bind") return;
  if (source.startsWith("/")) {
    const roots = [...policy.mounts, policy.checkout, policy.dataDir];
    if (
      source.split("/").includes("..") ||
      !roots.some((root) => source === root || source.startsWith(`${root}/`))
    ) {
      add(
        key,
        `${source} is outside the service's own directories`,
        `mounts = [${JSON.stringify(source)}]`,
      );
    }
  } else if (/^\.\.(\/|$)|^~/.test(source)) {
    add(
      key,
      `${source} is outside the repository, expected a path in it, or an absolute one that the config allows`,
    );
  }
}

const RESERVED_LABELS = /^(pgo\.|io\.podman\.|com\.docker\.compose\.|io\.containers\.)/;
const STEERING =
  /^(COMPOSE_|PODMAN_|DOCKER_|CONTAINERS?_|BUILDAH_|LD_|PYTHON|XDG_|PATH$|HOME$|USER$|LOGNAME$|TMPDIR$|DISABLE_HC_SYSTEMD$)/;

function judgeNames(
  { key, image, containerName, labels, environment }: Service,
  { service }: Policy,
  add: Add,
): void {
  if (containerName && !containerName.startsWith(`${service}_`)) {
    add(
      `${key}.container_name`,
      `${containerName} could be another service's, expected a name that begins with "${service}_"`,
    );
  }
  if (image?.startsWith("localhost/pgo/")) {
    add(
      `${key}.image`,
      `${image} is PGO's own name for a deployment's image, expected where it comes from`,
    );
  }
  for (const label of Object.keys(labels)) {
    if (label.includes("$")) add(`${key}.labels.${label}`, 'a label with "$" in its name');
    if (RESERVED_LABELS.test(label)) {
      add(`${key}.labels.${label}`, `the label ${label} steers podman or PGO`);
    }
  }
  for (const [name, { secret }] of Object.entries(environment)) {
    // A secret travels in podman-compose's own environment, where such a name would steer it.
    if (secret && STEERING.test(name)) {
      add(
        `${key}.environment.${name}`,
        `${name} steers podman, it cannot hold a value of the config's env`,
      );
    }
  }
}
