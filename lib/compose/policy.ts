/**
 * What a service may do on this host: the model against the config, with everything refused by name.
 * @module
 */
import { formatPortRange, inRanges, type PortRange } from "../config/ports.ts";
import { judgeLabels } from "./policy_labels.ts";
import { type ForeignNetwork, judgeResource, separateNetworks } from "./policy_resources.ts";
import type { Model, Mount, Port, Service } from "./model.ts";
import { isTightening } from "./privileges.ts";
import { type Finding, finding, type Where } from "./problem.ts";

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
  /** Networks that services of other users list. */
  foreignNetworks?: readonly ForeignNetwork[];
  volumes: string[];
  /** Secrets of Podman's it may use. */
  secrets?: string[];
  /** `"cap_add:NET_ADMIN"`, `"privileged"`, … */
  allow: string[];
  /** Names of the config's `env`. */
  env?: string[];
  checkout: string;
  dataDir: string;
  /** What is judged is a run file of ours: it has images and labels that are PGO's own. */
  frozen?: boolean;
}

/** Takes a violation: where, what, and the config line that would allow it. */
export type Add = (at: Where, message: string, allow?: string) => void;

/** Everything in `model` that `policy` does not allow. */
export function judge(model: Model, policy: Policy): Finding[] {
  const violations: Finding[] = [];
  const add: Add = (at, message, allow) =>
    void violations.push(finding("violation", at, message, allow));
  for (const service of model.services) {
    for (const port of service.ports) judgePort(port, policy, add);
    for (const mount of service.mounts) judgeMount(mount, policy, add);
    if (!policy.frozen) judgeNames(service, policy, add);
    judgeEnvironment(service, policy, add);
    for (const privilege of service.privileges) {
      const { name, value, at } = privilege;
      if (isTightening(privilege)) continue;
      ask(
        policy,
        add,
        at,
        value === "" ? name : `${name}:${value}`,
        `${value || name} is a privilege`,
      );
    }
    for (const { name, at } of service.secrets) {
      if (policy.secrets?.includes(name) || policy.allow.includes(`secrets:${name}`)) continue;
      const message = `the podman secret ${name} may be another service's`;
      add(at, message, `secrets = [${JSON.stringify(name)}]`);
    }
  }
  judgeNested(model, policy, add);
  for (const kind of ["networks", "volumes"] as const) {
    for (const resource of model[kind]) judgeResource(resource, policy, kind, add);
  }
  return [...violations, ...separateNetworks(model, policy)];
}

/** Whether a path of the host, links resolved, is one that `policy` lets containers mount. */
export function mayMount(path: string, { mounts, checkout, dataDir }: Policy): boolean {
  return !path.split("/").includes("..") &&
    [...mounts, checkout, dataDir].some((root) => path === root || path.startsWith(`${root}/`));
}

function ask({ allow }: Policy, add: Add, at: Where, permission: string, message: string): void {
  if (!allow.includes(permission)) add(at, message, `allow = [${JSON.stringify(permission)}]`);
}

function judgePort({ from, to, at, text }: Port, { ports, foreignPorts }: Policy, add: Add): void {
  const own = ports === undefined
    ? "any but another service's"
    : ports.map(formatPortRange).join(", ") || "none";
  if (from === undefined || to === undefined) {
    if (ports === undefined && foreignPorts.length === 0) return;
    const message = `${
      JSON.stringify(text)
    } lets podman pick a host port, which could be another service's`;
    return add(at, `${message}, expected one of this service's: ${own}`);
  }
  for (let port = from; port <= to; port++) {
    const owner = foreignPorts.find(({ range }) => inRanges([range], port));
    if (owner) {
      const message = `host port ${port} belongs to service "${owner.service}"`;
      return add(at, `${message}, expected one of this service's: ${own}`);
    }
    if (ports && !inRanges(ports, port)) {
      const message = `host port ${port} is not this service's, expected one of: ${own}`;
      return add(at, message, `ports = ["${from}/${to - from}"]`);
    }
  }
}

function judgeMount({ type, source, at }: Mount, policy: Policy, add: Add): void {
  if (type !== "bind") return;
  if (source.startsWith("/")) {
    const { checkout } = policy;
    if (
      !policy.frozen && !source.includes("..") &&
      (source === checkout || source.startsWith(`${checkout}/`))
    ) {
      const own = source === checkout ? "." : `.${source.slice(checkout.length)}`;
      return add(
        at,
        `${source} is in the checkout, expected it as a path of the repository: ${own}`,
      );
    }
    if (mayMount(source, policy)) return;
    add(
      at,
      `${source} is outside the service's own directories`,
      `mounts = [${JSON.stringify(source)}]`,
    );
  } else if (/^\.\.(\/|$)|^~/.test(source)) {
    add(
      at,
      `${source} is outside the repository, expected a path in it, or an absolute one that the config allows`,
    );
  }
}

/**
 * What lies below a directory that a container may write could be turned into a link by it, at any time until
 * podman mounts it, also when podman restarts a container by itself.
 */
function judgeNested({ services }: Model, { checkout, allow }: Policy, add: Add): void {
  if (allow.includes("nested-mounts")) return;
  const binds = services.flatMap(({ name, mounts }) =>
    mounts.filter(({ type }) => type === "bind").map((mount) => ({
      ...mount,
      name,
      path: mount.source.startsWith("/")
        ? mount.source
        : mount.source === "."
        ? checkout
        : `${checkout}/${mount.source}`,
    }))
  );
  for (const { path, source, at } of binds) {
    const above = binds.find((other) => !other.readOnly && path.startsWith(`${other.path}/`));
    if (!above) continue;
    const message =
      `${source} lies below ${above.source}, which ${above.name} may write and make a link of`;
    add(
      at,
      `${message}: mount ${above.source} read-only, or neither below the other`,
      'allow = ["nested-mounts"]',
    );
  }
}

/** Annotations that change how the runtime starts a container. */
const RESERVED_ANNOTATIONS =
  /^(run\.oci\.|io\.podman\.|io\.kubernetes\.|io\.container|org\.systemd\.|module\.wasm)/;
const STEERING = /^(COMPOSE_|PODMAN_|DOCKER_|CONTAINERS?_|BUILDAH_|LD_|PATH$)/;
/** Names that carry values and that no program of the host reads. */
const CARRIES =
  /(^|_)(PASSWORD|PASSWD|PASS|SECRET|TOKEN|KEY|SALT|PEPPER|DSN|URL|URI|USER|USERNAME|EMAIL|LOGIN|CREDENTIALS?|CONNECTION_STRING|CONNECTIONSTRING)$/i;
/** What podman-compose and podman take from their own environment, where secrets travel. */
const OWN_ENVIRONMENT =
  /^(PYTHON|OPENSSL_|XTABLES_|DBUS_|GIT_|GO|GNUPG|SSH_|GCONV|LOC|NLS|MALLOC_|GLIBC_|RES_|HOSTALIASES|TZ|BASH_|ENV$|IFS$|XDG_|LC_|LANG|HOME$|USER$|LOGNAME$|SHELL$|TMPDIR$|TZDIR$|NOTIFY_|LISTEN_|STORAGE_|REGISTRY_|SSL_|HTTPS?_PROXY$|https?_proxy$|NO_PROXY$|no_proxy$|DISABLE_HC_SYSTEMD$|PGO_|_)/;

function judgeNames(
  { at, image, containerName, labels, annotations }: Service,
  { service }: Policy,
  add: Add,
): void {
  if (containerName && !containerName.startsWith(`${service}_`)) {
    add(
      { ...at, key: `${at.key}.container_name` },
      `${containerName} could be another service's, expected a name that begins with "${service}_"`,
    );
  }
  if (image && /^(localhost\/)?pgo\//.test(image)) {
    add(
      { ...at, key: `${at.key}.image` },
      `${image} could be another service's image, which podman finds under that name first: expected the registry it comes from`,
    );
  }
  judgeLabels(labels, add);
  for (const [name, { value, at }] of Object.entries(annotations)) {
    if (/[,"\n]/.test(name + value)) {
      add(at, `an annotation with a comma, a quote or a line break, which podman would split`);
    }
    if (RESERVED_ANNOTATIONS.test(name)) {
      add(
        at,
        `the annotation ${name} steers the runtime`,
      );
    }
  }
}

function judgeEnvironment({ environment }: Service, policy: Policy, add: Add): void {
  for (const [name, { secret, at }] of Object.entries(environment)) {
    if (
      secret && !policy.env?.includes(name) &&
      (!CARRIES.test(name) || STEERING.test(name) || OWN_ENVIRONMENT.test(name))
    ) {
      // It travels in podman-compose's own environment, where many a name loads or steers programs.
      ask(
        policy,
        add,
        at,
        `environment:${name}`,
        `${name} with a value of the config's would be in podman's own environment, which it could steer`,
      );
    } else if (STEERING.test(name)) {
      ask(policy, add, at, `environment:${name}`, `${name} is a variable that steers programs`);
    }
  }
}
