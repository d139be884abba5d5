/**
 * The run file: the judged model, absolute and literal. What was judged is what podman-compose is given.
 * @module
 */
import { join } from "shlex";
import { parse } from "yaml";
import { type Deployment, imageTag, inside } from "./build_file.ts";
import type { HealthCheck, Model, Mount, NamedResource, Port, Service } from "./model.ts";
import { type Plain, writeYaml } from "./write.ts";

/** The run file of a deployment. `env` holds the values of variables that the file names only. */
export function runFile(
  model: Model,
  deployment: Deployment,
): { text: string; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const services = Object.fromEntries(
    model.services.map((service) => [service.name, writeService(service, model, deployment, env)]),
  );
  const joined = new Set(model.services.flatMap(({ networks }) => networks));
  const mounted = new Set(
    model.services.flatMap(({ mounts }) => mounts.map(({ source }) => source)),
  );
  return {
    text: writeYaml({
      version: "3",
      services,
      // podman-compose 1.0.3 ends with an error for a network that nobody joins.
      networks: resources(model.networks.filter(({ name }) => joined.has(name)), deployment),
      volumes: resources(model.volumes.filter(({ name }) => mounted.has(name)), deployment),
    }),
    env,
  };
}

/** The names of the services in the text of a run file. */
export function composeServices(text: string): string[] {
  return Object.keys(
    (parse(text) as { services?: Record<string, unknown> } | null)?.services ?? {},
  );
}

function writeService(
  service: Service,
  model: Model,
  deployment: Deployment,
  env: Record<string, string>,
): Plain {
  const { name, plain, labels, privileges } = service;
  const granted = (key: string) =>
    privileges.filter((privilege) => privilege.name === key).map(({ value }) => value);
  return {
    ...plain,
    image: imageTag(deployment, name),
    pull_policy: "never",
    container_name: service.containerName,
    command: service.command,
    entrypoint: service.entrypoint,
    environment: optional(writeEnvironment(service, env)),
    labels: {
      ...labels,
      "pgo.service": deployment.service,
      "pgo.revision": deployment.revision,
      "pgo.deployment": deployment.id,
    },
    ports: some(service.ports.map(writePort)),
    volumes: some(
      service.mounts.filter(({ type }) => type !== "tmpfs").map((mount) =>
        writeMount(mount, deployment)
      ),
    ),
    tmpfs: some([
      ...(plain["tmpfs"] as string[] | undefined ?? []),
      ...service.mounts.filter(({ type }) => type === "tmpfs").map(({ target }) => target),
    ]),
    networks: some(
      service.networks.filter((name) =>
        name !== "default" || model.networks.some((network) => network.name === name)
      ),
    ),
    depends_on: some(service.dependsOn),
    healthcheck: service.health && writeHealth(service.health),
    privileged: granted("privileged").length > 0 ? true : undefined,
    cap_add: some(granted("cap_add")),
    devices: some(granted("devices")),
    security_opt: some(granted("security_opt")),
    sysctls: some(granted("sysctls")),
  };
}

/** Secrets become a name alone; podman takes the value from podman-compose's environment, not from argv. */
function writeEnvironment(
  { environment, key }: Service,
  env: Record<string, string>,
): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, { value, secret }]) => {
      if (!secret || value === null) return [name, value];
      if (Object.hasOwn(env, name) && env[name] !== value) {
        throw new Error(
          `${key}.environment.${name} has another value from the config in another service, expected one value for each name`,
        );
      }
      env[name] = value;
      return [name, null];
    }),
  );
}

function writePort({ hostIp, from, to, target, protocol }: Port): string {
  const host = from === undefined ? "" : from === to ? `${from}:` : `${from}-${to}:`;
  const ip = hostIp === ""
    ? ""
    : `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${from === undefined ? ":" : ""}`;
  return `${ip}${host}${target}/${protocol}`;
}

function writeMount({ type, source, target, readOnly }: Mount, { checkout }: Deployment): string {
  const path = type === "bind" && !source.startsWith("/") ? inside(checkout, source) : source;
  return `${path === "" ? "" : `${path}:`}${target}${readOnly ? ":ro" : ""}`;
}

// podman-compose 1.0.3 joins the words of a CMD wrongly; one shell command is read the same everywhere.
function writeHealth({ test, interval, timeout, startPeriod, retries }: HealthCheck): Plain {
  const [kind, ...words] = test ?? ["NONE"];
  return {
    test: kind === "NONE"
      ? ["NONE"]
      : ["CMD-SHELL", kind === "CMD" ? join(words) : words.join(" ")],
    interval,
    timeout,
    start_period: startPeriod,
    retries,
  };
}

function resources(list: readonly NamedResource[], { service }: Deployment): Plain | undefined {
  if (list.length === 0) return undefined;
  return Object.fromEntries(list.map(({ name, podmanName, external, internal }) => [
    name,
    {
      name: podmanName ?? `${service}_${name}`,
      external: external ? true : undefined,
      internal: internal ? true : undefined,
    },
  ]));
}

function some<Item>(list: Item[]): Item[] | undefined {
  return list.length > 0 ? list : undefined;
}

function optional<Table extends Record<string, unknown>>(table: Table): Table | undefined {
  return Object.keys(table).length > 0 ? table : undefined;
}
