/**
 * From the text of the config file to a {@link Config}, or to every problem in it at once.
 * @module
 */
import * as v from "valibot";
import { formatPortRange, inRanges, overlaps, type PortRange } from "./ports.ts";
import type { RegistryLogin } from "./registries.ts";
import type { Repository } from "./repository.ts";
import { fileSchema, serviceSchema } from "./schema.ts";
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
}

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

/**
 * Parses the text of config `file` (a name for messages only). `inspect` may report more problems,
 * such as users this host does not have; they come in one list with all others, in file order.
 * @throws {ConfigError} listing every problem.
 */
export function parseConfig(
  text: string,
  file: string,
  inspect: (config: Config, report: Report) => void = () => {},
): Config {
  const document = open(text, file);
  const problems: { path: Path; message: string }[] = [];
  const report: Report = (path, message) => void problems.push({ path, message });
  const parsed = v.safeParse(fileSchema, document.value);
  for (const issue of parsed.issues ?? []) report(issuePath(issue), issueMessage(issue));
  // Services that are wrong in one key are still compared in the others: all problems in one go.
  const services = parsed.success ? parsed.output.services : salvage(document.value);
  const config: Config = {
    global: { adminKeys: parsed.success ? parsed.output.global.admin_keys : undefined },
    ssh: parsed.success ? sshLimits(parsed.output.ssh) : SSH_LIMITS,
    services: services.map((service, at) => toService(service, at, report)),
  };
  compareServices(config.services, report);
  inspect(config, report);
  if (problems.length === 0) return config;
  const placed = problems.map(({ path, message }) => ({
    path,
    message,
    ...document.position(path),
  }));
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  throw new ConfigError(
    placed.map(({ line, column, path, message }) => {
      const key = formatPath(path);
      return `${file}:${line}:${column}: ${key ? `${key}: ` : ""}${message}`;
    }),
  );
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

/** What can only be said of services side by side: names, port ranges and urls. */
function compareServices(services: ServiceConfig[], report: Report): void {
  services.forEach((service, at) => {
    const others = services.slice(0, at);
    if (service.name && others.some(({ name }) => name === service.name)) {
      report(
        ["services", at, "name"],
        `a second service ${JSON.stringify(service.name)}, expected unique names`,
      );
    }
    service.ports?.forEach((range, index) => {
      const earlier = others.find(({ ports }) => ports?.some((other) => overlaps(other, range)));
      const own = service.ports?.slice(0, index).some((other) => overlaps(other, range));
      if (!earlier && !own) return;
      report(
        ["services", at, "ports", index],
        `${formatPortRange(range)} overlaps ports of ${
          JSON.stringify(earlier?.name ?? service.name)
        }, expected ports with one owner`,
      );
    });
    for (const { name, port } of service.urls) {
      const path: Path = ["services", at, "urls", name];
      if (service.ports && !inRanges(service.ports, port)) {
        const own = service.ports.map(formatPortRange).join(", ") || "none";
        report(path, `port ${port} is outside this service's ports, expected one of ${own}`);
      }
      const owner = services.find((other) =>
        other !== service && inRanges(other.ports ?? [], port)
      );
      if (!service.ports && owner) {
        report(
          path,
          `port ${port} belongs to ${JSON.stringify(owner.name)}, expected a port of this service`,
        );
      }
      if (others.some(({ urls }) => urls.some((url) => url.name === name))) {
        report(path, `another service has this url already, expected one owner`);
      }
    }
  });
}
