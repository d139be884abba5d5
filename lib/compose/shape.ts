/**
 * The keys of a compose service that PGO knows: an allow-list, so that what is new is refused and not passed on.
 * @module
 */

const SIZE: [RegExp, string] = [/^\d+(\.\d+)?([bkmgBKMG]|[kmgKMG][bB])?$/, "a size such as 512m"];

/** Keys that mean the same to podman-compose as they stand, by the shape of their values. */
export const PLAIN: Readonly<Record<string, "text" | "flag" | "list">> = {
  cap_drop: "list",
  cpu_shares: "text",
  cpus: "text",
  expose: "list",
  extra_hosts: "list",
  hostname: "text",
  init: "flag",
  mem_limit: "text",
  mem_reservation: "text",
  read_only: "flag",
  restart: "text",
  shm_size: "text",
  stdin_open: "flag",
  stop_signal: "text",
  tty: "flag",
  user: "text",
  working_dir: "text",
};

/** What values of {@link PLAIN} keys have to look like. */
export const GRAMMAR: Readonly<Record<string, [RegExp, string]>> = {
  cap_drop: [/^[A-Za-z_]+$/, "a capability such as NET_RAW"],
  cpu_shares: [/^\d{1,7}$/, "a number such as 512"],
  cpus: [/^\d+(\.\d+)?$|^\.\d+$/, "a number such as 0.5"],
  expose: [/^\d{1,5}(-\d{1,5})?(\/(tcp|udp))?$/, "a container port"],
  hostname: [/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, "a host name"],
  mem_limit: SIZE,
  mem_reservation: SIZE,
  restart: [
    /^(no|always|unless-stopped|on-failure(:\d+)?)$/,
    '"no", "always", "on-failure" or "unless-stopped"',
  ],
  shm_size: SIZE,
  stop_signal: [/^(SIG)?[A-Z0-9+]+$/, "a signal such as SIGINT"],
  user: [/^\w[\w.@-]*(:[\w.-]+)?$/, '"user" or "uid:gid"'],
  working_dir: [/^\//, "an absolute path"],
};

/** Keys whose values only an admin can allow, with `allow = ["key:value"]` in the config. */
export const PRIVILEGES = ["privileged", "cap_add", "devices", "security_opt", "sysctls"] as const;

/** Keys that are read one by one. */
const READ = [
  "annotations",
  "build",
  "command",
  "configs",
  "container_name",
  "depends_on",
  "deploy",
  "entrypoint",
  "environment",
  "healthcheck",
  "image",
  "labels",
  "links",
  "logging",
  "networks",
  "platform",
  "ports",
  "profiles",
  "pull_policy",
  "scale",
  "secrets",
  "stop_grace_period",
  "tmpfs",
  "ulimits",
  "volumes",
];

/** Keys without any effect on what runs. */
const NO_EFFECT: Readonly<Record<string, string>> = {
  attach: "only says what a terminal shows",
  develop: "is for development, pgod does not watch files for it",
};

/** Keys that would reach beyond the service: no config allows them, and why. */
const BEYOND: Readonly<Record<string, string>> = {
  cgroup: "would leave the container's own cgroup",
  cgroup_parent: "would leave the service's own cgroup",
  credential_spec: "would read files of the host",
  device_cgroup_rules: "would open devices of the host",
  gpus: "would open devices of the host: devices, which the config can allow, does that",
  ipc: "would share memory with others",
  network_mode: "would leave the service's own networks: networks joins them",
  pid: "would show processes of others",
  post_start: "runs programs beside the container's own: put it in the image or in command",
  pre_stop: "runs programs beside the container's own: put it in the image or in command",
  provider: "runs programs of the host",
  runtime: "would run another program of the host",
  use_api_socket: "would hand Podman itself to the container",
  userns_mode: "would change which user of the host it is",
  uts: "would change the host's name",
  volumes_from: "would mount what others mount: name the volumes",
  "x-podman": "steers podman",
};

/** Keys podman-compose 1.0.3 does not carry out, and what does the same. */
const IGNORED: Readonly<Record<string, string>> = {
  cpuset: "cpus limits how much",
  dns: "the host's resolver is used",
  dns_opt: "the host's resolver is used",
  dns_search: "the host's resolver is used",
  domainname: 'hostname takes "name.domain"',
  external_links: "networks of the config join services",
  group_add: "user takes a group",
  mac_address: "podman picks one",
  mem_swappiness: "mem_limit limits memory",
  memswap_limit: "mem_limit limits memory",
  oom_kill_disable: "mem_limit limits memory",
  oom_score_adj: "mem_limit limits memory",
  pids_limit: "ulimits has nproc",
};

/** The values that some refused keys have anyway. */
const USUAL: Readonly<Record<string, RegExp>> = {
  cgroup: /^private$/,
  ipc: /^private$/,
  network_mode: /^(bridge|default)$/,
  userns_mode: /^$/,
};

/** What is to be said of a key: nothing, or why it is a violation, or why it has no effect. */
export function describeKey(
  key: string,
  value: unknown,
): { kind: "violation" | "note"; message: string } | undefined {
  if (Object.hasOwn(PLAIN, key) || READ.includes(key)) return undefined;
  if ((PRIVILEGES as readonly string[]).includes(key)) return undefined;
  if (key.startsWith("x-") && !key.startsWith("x-podman")) return undefined;
  const shown = typeof value === "string" || typeof value === "boolean" ? ` (${value})` : "";
  if (Object.hasOwn(USUAL, key) && USUAL[key]?.test(String(value ?? ""))) {
    return { kind: "note", message: `is so anyway${shown}` };
  }
  if (Object.hasOwn(NO_EFFECT, key)) return { kind: "note", message: `${key} ${NO_EFFECT[key]}` };
  const name = key.startsWith("x-podman") ? "x-podman" : key;
  if (Object.hasOwn(BEYOND, name)) {
    return { kind: "violation", message: `${key}${shown} ${BEYOND[name]}` };
  }
  if (Object.hasOwn(IGNORED, key)) {
    return {
      kind: "violation",
      message: `podman-compose 1.0.3 ignores ${key}${shown}, so it is refused: ${IGNORED[key]}`,
    };
  }
  return {
    kind: "violation",
    message: `${JSON.stringify(key)}${shown} is no key of a service that PGO knows`,
  };
}
