/**
 * The Deno permissions pgod needs, as data: everything that starts pgod asks here.
 * @module
 */
import type { UserSwitch } from "../host/as_user.ts";
import type { Config } from "./parse.ts";
import type { CaddyConfig, NginxConfig } from "./proxy.ts";
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
  /** Whether systemd is told how pgod is. */
  notify?: boolean;
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
  { how, config, dir, listen, global, services = [], notify }: PermissionFacts,
): string[] {
  const keys = services.some(({ files }) => files.gitKey !== undefined);
  const proxies = [global?.caddy, global?.nginx].filter((proxy) => proxy !== undefined);
  const programs = new Set([
    ...PROGRAMS[how],
    ...(how === "self" && keys ? ["ssh-agent"] : []),
    ...(notify ? ["systemd-notify"] : []),
    ...(how === "self" ? proxies.flatMap(proxyPrograms) : []),
  ]);
  const snippets = proxies.flatMap(({ file }) => [file, `${file}.new`, `${file}.old`]);
  const subordinate = how === "self" ? [] : ["/etc/subuid", "/etc/subgid"];
  const admins = global?.adminKeys ? [global.adminKeys] : [];
  return [
    "--no-prompt",
    `--allow-run=${[...programs].join(",")}`,
    `--allow-net=${listen.join(",")}`,
    `--allow-read=${
      [config, dir, ...admins, ...snippets, ...secretPaths(services), ...subordinate].join(",")
    }`,
    `--allow-write=${[dir, ...snippets].join(",")}`,
    "--allow-env=PATH",
    "--allow-sys=hostname,uid",
  ];
}

/** The flags for pgod's other commands. */
export function commandFlags(
  command: "check" | "judge" | "permissions" | "ports" | "urls" | "add" | "remove",
  { how, config }: Pick<PermissionFacts, "how" | "config">,
): string[] {
  const edit = `--allow-write=${config},${config}.new`;
  const tools = {
    runuser: ["cat", "getent", "runuser", "ss"],
    sudo: ["cat", "getent", "ss", "sudo"],
    self: ["cat", "getent", "git", "podman", "podman-compose", "ss"],
  };
  const look = [`--allow-run=${tools[how].join(",")}`, "--allow-read", "--allow-env=PATH"];
  const own = {
    check: look,
    ports: look,
    urls: ["--allow-read"],
    judge: ["--allow-read"],
    permissions: ["--allow-read", "--allow-env=PATH"],
    add: ["--allow-run=cat,getent,install,loginctl,ss,useradd,usermod", "--allow-read", edit],
    remove: ["--allow-run=getent", "--allow-read", edit],
  };
  // These two ask nothing of the host, nor who they run as.
  const user = command === "judge" || command === "urls" ? [] : ["--allow-sys=uid"];
  return ["--no-prompt", ...own[command], ...user];
}

function proxyPrograms(proxy: CaddyConfig | NginxConfig): string[] {
  return [proxy.kind === "caddy" ? "caddy" : proxy.test[0], proxy.reload[0]];
}

/** Why something is refused that the config began to name while pgod ran, and what to do. */
export function startedWithout(flag: string): string {
  return `pgod was not started with ${flag}: systemctl restart pgod, or start it with the line that pgod permissions prints`;
}

/** How Deno names the address of a listener. */
export function netPermission({ host, port }: { host: string | undefined; port: number }): string {
  const name = host ?? "::";
  return `${name.includes(":") ? `[${name}]` : name}:${port}`;
}
