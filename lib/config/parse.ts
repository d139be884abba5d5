/**
 * From the text of the config file to a {@link Config}, or to every problem in it at once.
 * @module
 */
import * as v from "valibot";
import { compareServices } from "./owners.ts";
import type { PortRange } from "./ports.ts";
import { type CaddyConfig, NEEDS, type NginxConfig, proxiesOf } from "./proxy.ts";
import type { RegistryLogin } from "./registries.ts";
import type { Repository } from "./repository.ts";
import { fileSchema, type globalSchema, serviceSchema } from "./schema.ts";
import { misplacedFiles, type SecretFiles, secretFiles } from "./secret_files.ts";
import { SSH_LIMITS, type SshLimits, sshLimits } from "./ssh.ts";
import { formatPath, type Path, readToml, type TomlDocument, TomlError } from "./toml.ts";
import { parseUrl, type Url } from "./urls.ts";

/** One `[[services]]` entry. */
export interface ServiceConfig {
  name: string;
  /** The Unix user everything of this service runs as. */
  user: string;
  repository: Repository;
  branch: string;
  urls: Url[];
  /** Host ports it may publish; undefined: any but another service's; empty: none. */
  ports: PortRange[] | undefined;
  /** Compose file inside the repository; undefined: the usual names in order. */
  compose: string | undefined;
  /** Variables for interpolation and for containers that ask for them; values may be secret. */
  env: Record<string, string>;
  /** Host directories that containers may mount besides the checkout. */
  mounts: string[];
  /** External networks it may join. */
  networks: string[];
  /** External volumes it may use. */
  volumes: string[];
  /** Secrets of Podman's that it may use. */
  secrets: string[];
  /** Logins of image registries, or files of them. */
  registries: (RegistryLogin | { file: string })[];
  /** Files outside of the repository that only pgod may read. */
  files: SecretFiles;
  /** Profiles of the compose file that are active. */
  profiles: string[];
  /** What the compose policy would refuse otherwise: `"cap_add:NET_ADMIN"`. */
  allow: string[];
}

/** `[global]`: what concerns the whole host. */
export interface GlobalConfig {
  /** File with the keys that may see and operate every service; absolute. */
  adminKeys: string | undefined;
  /** What writes and reloads the proxies that the services' `urls` are for. */
  caddy: CaddyConfig | undefined;
  nginx: NginxConfig | undefined;
}

/** What a file without a `[global]` table says. */
export const NO_GLOBAL: GlobalConfig = {
  adminKeys: undefined,
  caddy: undefined,
  nginx: undefined,
};

/** A config file that is right in itself; whether its users exist is for the host to say. */
export interface Config {
  global: GlobalConfig;
  ssh: SshLimits;
  services: ServiceConfig[];
}

/** Adds a problem with the value at `path`. */
export type Report = (path: Path, message: string) => void;

/** Thrown when a config is wrong; `lines` are `file:line:column: key: what is wrong, what is expected`. */
export class ConfigError extends Error {
  constructor(readonly lines: string[]) {
    super(lines.join("\n"));
  }
}

/** A config that was read, and what is wrong with it so far. */
export interface Draft {
  config: Config;
  /** Adds a problem that only the host knows, such as a user it does not have. */
  report: Report;
  /** The config. @throws {ConfigError} listing every problem in file order. */
  finish(): Config;
}

/** Parses the text of config `file` (a name for messages only). @throws {ConfigError} listing every problem. */
export function parseConfig(text: string, file: string): Config {
  return draftConfig(text, file).finish();
}

/** Reads a config as far as it goes. @throws {ConfigError} when it is no TOML. */
export function draftConfig(text: string, file: string): Draft {
  const document = open(text, file);
  const problems: { path: Path; message: string }[] = [];
  const report: Report = (path, message) => void problems.push({ path, message });
  const parsed = v.safeParse(fileSchema, document.value);
  for (const issue of parsed.issues ?? []) report(issuePath(issue), issueMessage(issue));
  // Services that are wrong in one key are still compared in the others: all problems in one go.
  const services = parsed.success ? parsed.output.services : salvage(document.value);
  const config: Config = {
    global: parsed.success ? toGlobal(parsed.output.global, report) : NO_GLOBAL,
    ssh: parsed.success ? sshLimits(parsed.output.ssh) : SSH_LIMITS,
    services: services.map((service, at) => toService(service, at, report)),
  };
  compareServices(config, report);
  return {
    config,
    report,
    finish() {
      if (problems.length === 0) return config;
      throw new ConfigError(placeProblems(document, file, problems));
    },
  };
}

/** Lines of what was reported, in file order: `file:line:column: key: message`. */
export function placeProblems(
  document: TomlDocument,
  file: string,
  problems: readonly { path: Path; message: string }[],
): string[] {
  return problems
    .map(({ path, message }) => ({ path, message, ...document.position(path) }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, path, message }) => {
      const key = formatPath(path);
      return `${file}:${line}:${column}: ${key ? `${key}: ` : ""}${message}`;
    });
}

function open(text: string, file: string): TomlDocument {
  try {
    return readToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error.position;
    throw new ConfigError([`${file}:${line}:${column}: no TOML: ${error.message}`]);
  }
}

function issuePath(issue: v.BaseIssue<unknown>): Path {
  return issue.path?.map((step) => step.key as string | number) ?? [];
}

function issueMessage(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object") return issue.message;
  if (issue.expected === "never") {
    return "unknown key, expected one of those in config.example.toml";
  }
  if (issue.received === "undefined") return "missing, every service needs it";
  return `${issue.received} given, expected a table`;
}

function toGlobal(table: v.InferOutput<typeof globalSchema>, report: Report): GlobalConfig {
  for (const [main, others] of Object.entries(NEEDS) as [keyof typeof NEEDS, string[]][]) {
    for (const key of table[main] === undefined ? others : []) {
      if (!(key in table)) continue;
      report(["global", key], `it means nothing without ${main}, expected both or neither`);
    }
  }
  return { adminKeys: table.admin_keys, ...proxiesOf(table) };
}

type ParsedService = v.InferOutput<typeof serviceSchema>;

function toService(service: ParsedService, at: number, report: Report): ServiceConfig {
  const urls = Object.entries(service.urls).flatMap(([name, target]) => {
    try {
      return [parseUrl(name, target)];
    } catch (error) {
      report(["services", at, "urls", name], (error as Error).message);
      return [];
    }
  });
  const files = secretFiles(service);
  // It is "" where it is wrong itself.
  for (
    const [key, message] of service.repository ? misplacedFiles(service.repository, files) : []
  ) {
    report(["services", at, key], message);
  }
  const { ports, compose, env } = service;
  return { ...service, ports, compose, urls, env: Object.fromEntries(env), files };
}

/** The values that are right by themselves in a file that is wrong somewhere; `""` for the others. */
function salvage(file: unknown): ParsedService[] {
  const list = (file as { services?: unknown }).services;
  return (Array.isArray(list) ? list : []).map((raw) => {
    const entries = Object.entries(serviceSchema.entries).map(([key, schema]) => {
      const value = v.safeParse(schema as v.GenericSchema, raw?.[key]);
      const missing = v.safeParse(schema as v.GenericSchema, undefined);
      return [key, value.success ? value.output : missing.success ? missing.output : ""];
    });
    return Object.fromEntries(entries);
  });
}
