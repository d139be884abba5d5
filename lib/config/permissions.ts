/**
 * The Deno permissions pgod needs, as data: everything that starts pgod asks here.
 * @module
 */
import type { UserSwitch } from "../host/as_user.ts";
import type { Config } from "./parse.ts";
import { secretPaths } from "./secret_files.ts";

/** What decides which permissions are needed. */
export interface PermissionFacts {
  how: UserSwitch;
  /** The config file, absolute. */
  config: string;
  /** `--dir`, absolute. */
  dir: string;
  /** Addresses pgod listens on, as Deno names them: `[::]:2222`. */
  listen: string[];
  /** What the config says of the host; undefined where there is none yet. */
  global?: Config["global"];
  services?: Config["services"];
}

/** The programs pgod itself starts; `runuser` and `sudo` start all others, as the service's user. */
const PROGRAMS: Record<UserSwitch, string[]> = {
  runuser: ["getent", "install", "runuser", "ss"],
  sudo: ["getent", "ss", "sudo"],
  self: [
    "bash",
    "cat",
    "getent",
    "git",
    "kill",
    "ls",
    "mkdir",
    "mv",
    "podman",
    "podman-compose",
    "ps",
    "realpath",
    "rm",
    "script",
    "sh",
    "ss",
    "stat",
    "stty",
    "test",
  ],
};

/** The flags for `deno run`, in order: each is needed, and pgod does its whole job under them. */
export function permissionFlags(
  { how, config, dir, listen, global, services = [] }: PermissionFacts,
): string[] {
  const keys = services.some(({ files }) => files.gitKey !== undefined);
  const programs = [...PROGRAMS[how], ...(how === "self" && keys ? ["ssh-agent"] : [])];
  const subordinate = how === "self" ? [] : ["/etc/subuid", "/etc/subgid"];
  const admins = global?.adminKeys ? [global.adminKeys] : [];
  return [
    "--no-prompt",
    `--allow-run=${programs.join(",")}`,
    `--allow-net=${listen.join(",")}`,
    `--allow-read=${[config, dir, ...admins, ...secretPaths(services), ...subordinate].join(",")}`,
    `--allow-write=${dir}`,
    "--allow-env=PATH",
    "--allow-sys=hostname,uid",
  ];
}

/** How Deno names the address of a listener. */
export function netPermission({ host, port }: { host: string | undefined; port: number }): string {
  const name = host ?? "::";
  return `${name.includes(":") ? `[${name}]` : name}:${port}`;
}
