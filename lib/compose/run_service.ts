/**
 * One service of the run file, in the forms that podman-compose 1.0.3 and later carry out alike.
 * @module
 */
import { join } from "shlex";
import { type Deployment, imageTag, inside, type SideFile } from "./build_file.ts";
import { milliseconds } from "./health.ts";
import type { Attribute, HealthCheck, Mount, Port, Service } from "./model.ts";
import type { Plain } from "./write.ts";

/** The label that says how many seconds a container gets to end by itself. */
export const STOP_LABEL = "pgo.stop-seconds";

/**
 * Writes a service; `env` takes the values of variables whose names alone are written, `files` what is to be
 * written for its mounts.
 */
export function writeService(
  service: Service,
  deployment: Deployment,
  env: Record<string, string>,
  files: SideFile[],
): Plain {
  const { name, plain, labels, privileges, stopGrace, logging } = service;
  const granted = (key: string) =>
    some(privileges.filter((privilege) => privilege.name === key).map(({ value }) => value));
  return {
    ...plain,
    image: imageTag(deployment, name),
    pull_policy: "never",
    container_name: service.containerName,
    command: service.command,
    entrypoint: service.entrypoint,
    environment: optional(writeEnvironment(service, env)),
    labels: {
      ...attributeValues(labels),
      "pgo.service": deployment.service,
      "pgo.revision": deployment.revision,
      "pgo.deployment": deployment.id,
      ...(stopGrace === undefined
        ? {}
        : { [STOP_LABEL]: String(Math.ceil(milliseconds(stopGrace) / 1000)) }),
    },
    annotations: optional(attributeValues(service.annotations)),
    ports: some(service.ports.map(writePort)),
    volumes: some(
      service.mounts.filter(({ type }) => type !== "tmpfs").map((mount) =>
        writeMount(mount, deployment, files)
      ),
    ),
    tmpfs: some(service.mounts.filter(({ type }) => type === "tmpfs").map(writeTmpfs)),
    networks: service.networks.map(({ name }) => name),
    ulimits: optional(service.ulimits),
    logging: logging && { driver: logging.driver, options: optional(logging.options) },
    secrets: some(service.secrets.map(({ name }) => name)),
    healthcheck: service.health && writeHealth(service.health),
    privileged: granted("privileged") ? true : undefined,
    cap_add: granted("cap_add"),
    devices: granted("devices"),
    security_opt: granted("security_opt")?.map((option) =>
      option.replace(/^(no-new-privileges)[:=]true$/, "$1")
    ),
    sysctls: granted("sysctls"),
  };
}

/** Labels or annotations as they are written. */
export function attributeValues(
  attributes: Readonly<Record<string, Attribute>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value]));
}

/** Secrets become a name alone; podman takes the value from podman-compose's environment, not from argv. */
function writeEnvironment(
  { environment }: Service,
  env: Record<string, string>,
): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, { value, secret }]) => {
      if (!secret) return [name, value];
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

function writeMount(mount: Mount, deployment: Deployment, files: SideFile[]): Plain {
  const { type, target, readOnly, options } = mount;
  const source = writeSource(mount, deployment, files);
  if (options.length > 1) {
    // The short form keeps the last option only.
    return {
      type: type === "volume" ? "volume" : "bind",
      source,
      target,
      read_only: readOnly ? true : undefined,
      bind: { propagation: options.join(",") },
    };
  }
  const flags = [...(readOnly ? ["ro"] : []), ...options].join(",");
  return `${source === "" ? "" : `${source}:`}${target}${flags === "" ? "" : `:${flags}`}`;
}

function writeSource(
  { type, source, text }: Mount,
  { checkout, deployments, id }: Deployment,
  files: SideFile[],
): string {
  if (type === "content") {
    const path = `${deployments}/${id}.files/${files.length + 1}`;
    files.push({ path, text: text ?? "" });
    return path;
  }
  return type === "bind" && !source.startsWith("/") ? inside(checkout, source) : source;
}

function writeTmpfs({ target, options, readOnly }: Mount): string {
  const all = [...(readOnly ? ["ro"] : []), ...options];
  return all.length === 0 ? target : `${target}:${all.join(",")}`;
}

// podman-compose 1.0.3 joins the words of a CMD wrongly; one shell command is read the same everywhere.
function writeHealth({ test, interval, timeout, startPeriod, retries }: HealthCheck): Plain {
  const [kind, ...words] = test ?? ["NONE"];
  if (kind === "NONE") return { test: ["NONE"] };
  return {
    test: ["CMD-SHELL", kind === "CMD" ? join(words) : words.join(" ")],
    interval,
    timeout,
    start_period: startPeriod,
    retries,
  };
}

function some<Item>(list: Item[]): Item[] | undefined {
  return list.length > 0 ? list : undefined;
}

function optional<Table extends Record<string, unknown>>(table: Table): Table | undefined {
  return Object.keys(table).length > 0 ? table : undefined;
}
