/**
 * The model as people and machines see it: the long form of the Compose Specification, every scalar a text,
 * without the values that may be secrets.
 * @module
 */
import { attributeValues } from "./run_service.ts";
import type { Model, Mount, NamedResource, Port, Service } from "./model.ts";

/** A value of JSON; undefined ones are left out when it is written. */
export type Shown = string | boolean | null | undefined | Shown[] | { [key: string]: Shown };

/** The model in the Compose Specification's long form. */
export function showModel({ services, networks, volumes }: Model): { [key: string]: Shown } {
  return {
    services: byName(services, showService),
    networks: byName(networks, showResource),
    volumes: byName(volumes, showResource),
  };
}

function showService(service: Service): Shown {
  const { build, health, logging, privileges, stopGrace } = service;
  const granted = (key: string) =>
    some(privileges.filter(({ name }) => name === key).map(({ value }) => value));
  return {
    image: service.image,
    build: build && {
      context: build.context,
      dockerfile: build.dockerfile,
      dockerfile_inline: build.inline,
      target: build.target,
      args: optional(build.args),
    },
    platform: service.platform,
    pull_policy: service.pullPolicy,
    command: service.command,
    entrypoint: service.entrypoint,
    environment: optional(Object.fromEntries(
      // What comes from the config shows as unknown.
      Object.entries(service.environment).map((
        [name, { value, secret }],
      ) => [name, secret ? null : value]),
    )),
    labels: optional(attributeValues(service.labels)),
    annotations: optional(attributeValues(service.annotations)),
    ports: some(service.ports.map(showPort)),
    volumes: some(service.mounts.map(showMount)),
    networks: service.networks.map(({ name }) => name).sort(),
    depends_on: optional(Object.fromEntries(
      service.dependsOn.map((
        { service, condition, required },
      ) => [service, { condition, required }]),
    )),
    container_name: service.containerName,
    ...service.plain,
    ulimits: optional(service.ulimits),
    logging: logging && { driver: logging.driver, options: optional(logging.options) },
    stop_grace_period: stopGrace,
    healthcheck: health && {
      test: health.test ?? ["NONE"],
      interval: health.interval,
      timeout: health.timeout,
      start_period: health.startPeriod,
      retries: health.retries,
    },
    secrets: some(service.secrets.map(({ name }) => name)),
    privileged: granted("privileged") ? true : undefined,
    cap_add: granted("cap_add"),
    devices: granted("devices"),
    security_opt: granted("security_opt"),
    sysctls: granted("sysctls"),
  };
}

function showPort({ hostIp, from, to, target, protocol }: Port): Shown {
  return {
    target,
    published: from === undefined ? undefined : from === to ? String(from) : `${from}-${to}`,
    host_ip: hostIp === "" ? undefined : hostIp,
    protocol,
  };
}

function showMount({ type, source, target, readOnly, options }: Mount): Shown {
  const value = (name: string) =>
    options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    type,
    source: source === "" ? undefined : source,
    target,
    read_only: readOnly ? true : undefined,
    size: value("size"),
    mode: value("mode"),
    options: some(options.filter((option) => !/^(size|mode)=/.test(option))),
  };
}

function showResource({ name, podmanName, external, internal, labels }: NamedResource): Shown {
  return {
    name: external && podmanName === name ? undefined : podmanName,
    external: external ? true : undefined,
    internal: internal ? true : undefined,
    labels: optional(attributeValues(labels)),
  };
}

function byName<Item extends { name: string }>(
  list: readonly Item[],
  show: (item: Item) => Shown,
): Shown {
  return Object.fromEntries(list.map((item) => [item.name, show(item)]));
}

function some<Item>(list: Item[]): Item[] | undefined {
  return list.length > 0 ? list : undefined;
}

function optional<Table extends Record<string, Shown>>(table: Table): Table | undefined {
  return Object.keys(table).length > 0 ? table : undefined;
}
