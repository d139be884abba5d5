/**
 * The command line of `pgoctl init`.
 * @module
 */
import { parseArgs } from "node:util";
import { UsageError } from "../client/error.ts";
import { DEFAULT_PORT } from "../ssh/protocol.ts";

/** Where CI jobs are written for. */
export type Ci = "gitlab" | "github";

/** What `pgoctl init` was asked for; undefined is for it to find out. */
export interface InitOptions {
  /** The repository's top directory. */
  directory: string;
  /** As a target writes it: with brackets around an IPv6 address. */
  host: string | undefined;
  service: string | undefined;
  /** Port of pgod. */
  port: number;
  ci: Ci | "none" | undefined;
  /** The private key's file. */
  key: string | undefined;
  image: string | undefined;
  /** The host port, and the container's. */
  publish: { host: number; container: number | undefined } | undefined;
}

/** Reads what follows `pgoctl init`; undefined when help is wanted. @throws {UsageError} in one line. */
export function readInitOptions(argv: readonly string[]): InitOptions | undefined {
  const one = { type: "string" } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      options: {
        ci: one,
        directory: { type: "string", short: "C", default: "." },
        help: { type: "boolean", short: "h" },
        image: one,
        key: one,
        port: { type: "string", short: "p", default: `${DEFAULT_PORT}` },
        publish: one,
      },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n")[0] ?? "");
  }
  const { values, positionals: [target = "", more] } = parsed;
  if (values.help) return undefined;
  if (more !== undefined) {
    throw new UsageError(`${JSON.stringify(more)} is too much, expected pgoctl init HOST:SERVICE`);
  }
  const { ci, image, key, directory } = values;
  if (ci !== undefined && ci !== "gitlab" && ci !== "github" && ci !== "none") {
    throw new UsageError(`--ci ${ci}, expected gitlab, github or none`);
  }
  if (image !== undefined && !/^[\w[][\w.:@/[\]-]*$/.test(image)) {
    throw new UsageError(
      `--image ${image} is no image, expected one such as docker.io/library/nginx:stable`,
    );
  }
  const port = readPort("-p", values.port);
  return {
    ...readTarget(target),
    directory,
    port,
    ci,
    key,
    image,
    publish: readPublish(values.publish),
  };
}

function readTarget(text: string): Pick<InitOptions, "host" | "service"> {
  if (text === "") return { host: undefined, service: undefined };
  const [, host, service] = /^([\w.-]+|\[[0-9a-fA-F:.%\w]+\])(?::([^:/]+))?$/.exec(text) ?? [];
  if (!host || host.startsWith("-")) {
    throw new UsageError(
      `${JSON.stringify(text)} is no service, expected HOST:SERVICE such as myhost:shop`,
    );
  }
  if (service !== undefined && !isServiceName(service)) {
    throw new UsageError(
      `${
        JSON.stringify(service)
      } is no service name, expected at most 63 of a-z, 0-9 and "-", no "-" first`,
    );
  }
  return { host, service };
}

/** Whether pgod takes `name` for a service. */
export function isServiceName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(name);
}

function readPublish(text: string | undefined): InitOptions["publish"] {
  if (text === undefined) return undefined;
  const [host = "", container, more] = text.split(":");
  if (more !== undefined) {
    throw new UsageError(`--publish ${text}, expected HOSTPORT:CONTAINERPORT`);
  }
  return {
    host: readPort("--publish", host),
    container: container === undefined ? undefined : readPort("--publish", container),
  };
}

function readPort(option: string, text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 65535) {
    throw new UsageError(`${option} ${text} is no port, expected 1 to 65535`);
  }
  return Number(text);
}
