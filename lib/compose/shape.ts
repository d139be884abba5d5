/**
 * The keys of a compose service that PGO knows: an allow-list, so that what is new is refused and not passed on.
 * @module
 */

/** Keys that mean the same to podman-compose as they stand, by the shape of their values. */
export const PLAIN: Readonly<Record<string, "text" | "flag" | "list">> = {
  cap_drop: "list",
  cpus: "text",
  expose: "list",
  extra_hosts: "list",
  hostname: "text",
  init: "flag",
  mem_limit: "text",
  read_only: "flag",
  restart: "text",
  shm_size: "text",
  stdin_open: "flag",
  stop_signal: "text",
  tmpfs: "list",
  tty: "flag",
  user: "text",
  working_dir: "text",
};

/** What values of some {@link PLAIN} keys have to look like. */
export const GRAMMAR: Readonly<Record<string, [RegExp, string]>> = {
  cap_drop: [/^[A-Za-z_]+$/, "a capability such as NET_RAW"],
  cpus: [/^\d+(\.\d+)?$/, "a number such as 0.5"],
  expose: [/^\d{1,5}(-\d{1,5})?(\/(tcp|udp))?$/, "a container port"],
  extra_hosts: [/^[\w.-]+[:=][0-9a-fA-F:.]+$|^[\w.-]+:host-gateway$/, '"name:address"'],
  hostname: [/^[a-zA-Z0-9][a-zA-Z0-9.-]*$/, "a host name"],
  mem_limit: [/^\d+[bkmgBKMG]?[bB]?$/, "a size such as 512m"],
  restart: [
    /^(no|always|unless-stopped|on-failure(:\d+)?)$/,
    '"no", "always", "on-failure" or "unless-stopped"',
  ],
  shm_size: [/^\d+[bkmgBKMG]?[bB]?$/, "a size such as 64m"],
  stop_signal: [/^(SIG)?[A-Z0-9+]+$/, "a signal such as SIGINT"],
  tmpfs: [/^\/[^,]*$/, "an absolute path"],
  user: [/^[\w][\w.-]*(:[\w.-]+)?$/, '"user" or "uid:gid"'],
  working_dir: [/^\//, "an absolute path"],
};

/** Keys whose values only an admin can allow, with `allow = ["key:value"]` in the config. */
export const PRIVILEGES = ["privileged", "cap_add", "devices", "security_opt", "sysctls"] as const;

/** Keys that are read one by one. */
export const READ = [
  "build",
  "command",
  "container_name",
  "depends_on",
  "entrypoint",
  "env_file",
  "environment",
  "healthcheck",
  "image",
  "labels",
  "networks",
  "ports",
  "profiles",
  "pull_policy",
  "volumes",
];

/** Whether PGO knows this key of a service; `x-` keys are nobody's business. */
export function isKnown(key: string): boolean {
  return key.startsWith("x-") || Object.hasOwn(PLAIN, key) || READ.includes(key) ||
    (PRIVILEGES as readonly string[]).includes(key);
}
