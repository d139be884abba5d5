/**
 * `pgod judge`: a directory as if it were a revision of a service, without Git, Podman or the service's user.
 * @module
 */
import { basename } from "node:path";
import { judge, type Policy } from "../compose/policy.ts";
import { resolve } from "../compose/resolve.ts";
import type { Verdict } from "../compose/verdict.ts";
import { foreignNetworks } from "../config/networks.ts";
import { type Config, ConfigError, type ServiceConfig } from "../config/parse.ts";
import { finding } from "../compose/problem.ts";
import { directorySource } from "./directory_source.ts";
import { readEnvironment } from "./environment.ts";
import { serviceDirectory } from "../host/service_directory.ts";

/** The service of a config that is meant. @throws {ConfigError} when it is not clear which. */
export function pickService({ services }: Config, name: string | undefined): ServiceConfig {
  const found = services.filter((service) => name === undefined || service.name === name);
  const names = services.map(({ name }) => name).join(", ") || "none";
  if (found.length === 1 && found[0]) return found[0];
  throw new ConfigError([
    name === undefined
      ? `the config has ${services.length} services, expected --service with one of: ${names}`
      : `there is no service ${JSON.stringify(name)}, expected one of: ${names}`,
  ]);
}

/**
 * Resolves and judges the compose file in `directory` for `service` of `config`; without a config for one
 * that may publish any port and nothing else.
 */
export async function judgeDirectory(
  directory: string,
  { dir, config, name }: { dir: string; config?: Config; name?: string },
): Promise<Verdict> {
  if (!(await Deno.stat(directory).catch(() => undefined))?.isDirectory) {
    throw new ConfigError([`${directory}: there is no such directory`]);
  }
  const service = config && pickService(config, name);
  const own = service?.name ?? name ?? plainName(directory);
  const env = service ? await readEnvironment(service).catch(() => undefined) : {};
  const { model, findings } = await resolve(directorySource(directory), {
    service: own,
    file: service?.compose,
    env: env ?? service?.env ?? {},
    profiles: service?.profiles ?? [],
  });
  const paths = serviceDirectory(dir, own);
  const policy: Policy = {
    service: own,
    ports: service?.ports,
    foreignPorts: (config?.services ?? []).filter((other) => other !== service).flatMap((other) =>
      (other.ports ?? []).map((range) => ({ range, service: other.name }))
    ),
    mounts: service?.mounts ?? [],
    networks: service?.networks ?? [],
    foreignNetworks: service && config ? foreignNetworks(config, service) : [],
    volumes: service?.volumes ?? [],
    secrets: service?.secrets ?? [],
    allow: service?.allow ?? [],
    env: Object.keys(env ?? service?.env ?? {}),
    checkout: paths.checkout,
    dataDir: paths.data,
  };
  const unread = finding(
    "note",
    { file: service?.files.env ?? "", line: 1, column: 1, key: "" },
    "this env_file cannot be read here, so its variables count as unset",
  );
  const all = [...findings, ...model ? judge(model, policy) : [], ...env ? [] : [unread]];
  return { model, findings: all };
}

function plainName(directory: string): string {
  return basename(directory).toLowerCase().replace(/[^a-z0-9-]/g, "").replace(/^-+/, "") ||
    "service";
}
