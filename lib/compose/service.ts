/**
 * One service of a compose file, from its document to the model.
 * @module
 */
import type { Value } from "./document.ts";
import { readBuild } from "./build.ts";
import { readHealth } from "./health.ts";
import type { Service } from "./model.ts";
import { readMount } from "./mounts.ts";
import { readPort } from "./ports.ts";
import type { Reader, Table } from "./reader.ts";
import { GRAMMAR, isKnown, PLAIN, PRIVILEGES } from "./shape.ts";

const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const IMAGE = new RegExp(
  `^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\\d{1,5})?/)?${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);
// podman reads these before a colon as a way to open files of the host.
const TRANSPORT =
  /^(containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball):/;

/** Reads `services.NAME`; `directory` is the compose file's, `environment` what env files gave. */
export function readService(
  reader: Reader,
  name: string,
  table: Table,
  directory: string,
  environment: Service["environment"],
): Service {
  const key = `services.${name}`;
  const at = (part: string) => `${key}.${part}`;
  for (const part of Object.keys(table)) {
    if (part === "extends") {
      reader.problem(at(part), "extends is not supported yet, YAML anchors and << are");
    } else if (!isKnown(part)) reader.problem(at(part), "a key that PGO does not support (yet)");
  }
  const image = reader.text(
    table["image"],
    at("image"),
    IMAGE,
    "an image such as docker.io/library/nginx:1.27",
  );
  if (image && TRANSPORT.test(image)) {
    reader.problem(at("image"), `${image} names a file of the host, expected a registry's image`);
  }
  const build = readBuild(reader, table["build"], at("build"), directory);
  if (!image && !build) reader.problem(key, "neither image nor build, expected one of them");
  return {
    name,
    key,
    image,
    build,
    pullPolicy: readPullPolicy(reader, table["pull_policy"], at("pull_policy"), image ?? ""),
    command: reader.words(table["command"], at("command")),
    entrypoint: reader.words(table["entrypoint"], at("entrypoint")),
    environment: {
      ...environment,
      ...readEnvironment(reader, table["environment"], at("environment")),
    },
    labels: Object.fromEntries(
      Object.entries(reader.pairs(table["labels"], at("labels"))).map((
        [name, value],
      ) => [name, value ?? ""]),
    ),
    ports: reader.list(table["ports"], at("ports")).flatMap((item) =>
      readPort(reader, item.value, item.key)
    ),
    mounts: reader.list(table["volumes"], at("volumes")).flatMap((item) =>
      readMount(reader, item.value, item.key, directory)
    ),
    networks: readNames(reader, table["networks"], at("networks")),
    dependsOn: readNames(reader, table["depends_on"], at("depends_on")),
    containerName: reader.text(
      table["container_name"],
      at("container_name"),
      /^[a-zA-Z0-9][\w.-]*$/,
      "a container name",
    ),
    privileges: readPrivileges(reader, table, at),
    plain: readPlain(reader, table, at),
    health: readHealth(reader, table["healthcheck"], at("healthcheck")),
  };
}

function readPullPolicy(
  reader: Reader,
  value: Value | undefined,
  key: string,
  image: string,
): Service["pullPolicy"] {
  const policy = reader.text(
    value,
    key,
    /^(always|missing|if_not_present|never|build)$/,
    '"always", "missing" or "never"',
  );
  if (policy === "missing" || policy === "if_not_present") return "missing";
  // An image below localhost/ is in no registry: somebody made it on this host.
  if (policy === "never" || (policy === undefined && image.startsWith("localhost/"))) {
    return "never";
  }
  return "always";
}

function readEnvironment(
  reader: Reader,
  value: Value | undefined,
  key: string,
): Service["environment"] {
  const list = Array.isArray(value) ? value : [];
  return Object.fromEntries(
    Object.entries(reader.pairs(value, key)).map(([name, given]) => {
      const index = list.findLastIndex((item) =>
        typeof item === "string" && item.split("=")[0] === name
      );
      const used = reader.document.variables(index < 0 ? `${key}.${name}` : `${key}[${index}]`);
      if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
        reader.problem(`${key}.${name}`, "no name of a variable, expected letters, digits and _");
      }
      return [name, { value: given, secret: used.size > 0 }];
    }),
  );
}

/** Names in a list, or the keys of a map whose values say nothing PGO would have to honour. */
function readNames(reader: Reader, value: Value | undefined, key: string): string[] {
  if (Array.isArray(value) || typeof value === "string") return reader.texts(value, key);
  return Object.entries(reader.table(value, key)).map(([name, options]) => {
    for (const option of Object.keys(reader.table(options, `${key}.${name}`))) {
      // Conditions are read, but containers are only started in order (README).
      if (!["condition", "required", "restart"].includes(option) || key.endsWith(".networks")) {
        reader.problem(`${key}.${name}.${option}`, "is not supported yet");
      }
    }
    return name;
  });
}

function readPrivileges(
  reader: Reader,
  table: Table,
  at: (part: string) => string,
): Service["privileges"] {
  return PRIVILEGES.flatMap((name: string) => {
    const key = at(name);
    if (name === "privileged") {
      return reader.flag(table[name], key) ? [{ key, name, value: "" }] : [];
    }
    if (name === "sysctls") {
      return Object.entries(reader.pairs(table[name], key)).map(([sysctl, value]) => ({
        key,
        name,
        value: `${sysctl}=${value ?? ""}`,
      }));
    }
    return reader.list(table[name], key).flatMap((item) => {
      const value = reader.text(item.value, item.key);
      return value === undefined ? [] : [{ key: item.key, name, value }];
    });
  });
}

function readPlain(reader: Reader, table: Table, at: (part: string) => string): Service["plain"] {
  const plain: Service["plain"] = {};
  for (const [name, shape] of Object.entries(PLAIN)) {
    const [grammar, expected] = GRAMMAR[name] ?? [];
    if (shape === "flag") {
      if (reader.flag(table[name], at(name))) plain[name] = true;
    } else if (shape === "text") {
      const text = reader.text(
        table[name] === false && name === "restart" ? "no" : table[name],
        at(name),
        grammar,
        expected,
      );
      if (text !== undefined) plain[name] = text;
    } else {
      const list = reader.texts(table[name], at(name), grammar, expected);
      if (list.length > 0) plain[name] = list;
    }
  }
  return plain;
}
