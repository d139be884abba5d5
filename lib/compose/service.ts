/**
 * One service of a compose file, from its nodes to the model.
 * @module
 */
import { isImageId } from "./containerfile.ts";
import { readBuild } from "./build.ts";
import { applyDeploy } from "./deploy.ts";
import type { Files } from "./files.ts";
import { DURATION, milliseconds, readHealth } from "./health.ts";
import { readLogging } from "./logging.ts";
import type { Service } from "./model.ts";
import { readMount, readTmpfs } from "./mounts.ts";
import { readDependencies, readHosts, readJoined } from "./networks.ts";
import { type Node, type Table, variablesIn } from "./node.ts";
import { readPort } from "./ports.ts";
import { readPrivileges } from "./privileges.ts";
import { items, type Reader } from "./reader.ts";
import { NAME } from "./resources.ts";
import { type Origins, readFiles } from "./secrets.ts";
import { describeKey, GRAMMAR, PLAIN } from "./shape.ts";

const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const IMAGE = new RegExp(
  `^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\\d{1,5})?/)?${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);
// podman reads these before a colon as a way to open files of the host.
const TRANSPORT =
  /^(containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sif|tarball):/;
const VARIABLE = /^[A-Za-z_][\w.-]*$/;

/** Keys that may hold values of the config: they stay out of argv, or are documented to be in it. */
const MAY_HOLD_SECRETS = ["configs", "environment", "image", "ports", "secrets", "volumes"];

/** What the whole compose file gives its services. */
export interface Surroundings {
  reader: Reader;
  files: Files;
  secretOrigins: Origins;
  configOrigins: Origins;
  /** Names of variables that may hold secrets. */
  secrets: ReadonlySet<string>;
}

/** Reads `services.NAME`; undefined for one that wants no container. */
export async function readService(
  surroundings: Surroundings,
  name: string,
  node: Node,
): Promise<Service | undefined> {
  const { reader, files, secrets } = surroundings;
  const { table, asleep } = applyDeploy(reader, reader.table(node));
  if (asleep) return undefined;
  for (const [key, value] of table) {
    const said = describeKey(key, value.content);
    if (said) reader[said.kind](value, said.message);
    if (!MAY_HOLD_SECRETS.includes(key) && key !== "build") reader.hidden(value, secrets);
  }
  const image = reader.text(
    table.get("image"),
    IMAGE,
    "an image such as docker.io/library/nginx:1.27",
  );
  const imageNode = table.get("image") ?? node;
  if (image && TRANSPORT.test(image)) {
    reader.problem(imageNode, `${image} names a file of the host, expected a registry's image`);
  }
  const program = table.get("entrypoint");
  const entrypoint = reader.words(program);
  if (program && entrypoint?.[0]?.startsWith("-")) {
    reader.problem(program, `${entrypoint[0]} is an option, expected a program`);
  }
  if (image && isImageId(image)) {
    reader.problem(
      imageNode,
      `${image} could be the id of another service's image, expected docker.io/library/${image}`,
    );
  }
  const build = await readBuild(reader, files, table.get("build"), secrets);
  if (!table.has("image") && !table.has("build")) {
    reader.problem(node, "neither image nor build, expected one of them");
  }
  const platform = reader.text(
    table.get("platform"),
    /^[a-z0-9]+\/[a-z0-9]+(\/\w+)?$/,
    "one such as linux/amd64",
  );
  if (platform && build) {
    reader.violation(
      table.get("platform") ?? node,
      "podman-compose 1.0.3 ignores platform of a build, so it is refused: FROM takes --platform",
    );
  }
  const grace = reader.text(table.get("stop_grace_period"), DURATION, "a duration such as 30s");
  if (grace && milliseconds(grace) > 600_000) {
    reader.violation(
      table.get("stop_grace_period") ?? node,
      `${grace} is too long, expected at most 10m`,
    );
  }
  const given = readFiles(reader, table.get("secrets"), surroundings.secretOrigins, "secrets");
  const configs = readFiles(reader, table.get("configs"), surroundings.configOrigins, "configs");
  return {
    name,
    at: node,
    image,
    build,
    platform,
    pullPolicy: readPullPolicy(reader, table.get("pull_policy"), image ?? ""),
    command: reader.words(table.get("command")),
    entrypoint,
    environment: readEnvironment(reader, table.get("environment"), secrets),
    labels: readAttributes(reader, table.get("labels")),
    annotations: readAttributes(reader, table.get("annotations")),
    ports: reader.list(table.get("ports")).flatMap((item) => readPort(reader, item)),
    mounts: [
      ...reader.list(table.get("volumes")).flatMap((item) => readMount(reader, item)),
      ...items(table.get("tmpfs")).flatMap((item) => readTmpfs(reader, item)),
      ...given.mounts,
      ...configs.mounts,
    ],
    networks: readJoined(reader, table.get("networks"), name, node),
    dependsOn: readDependencies(reader, table.get("depends_on"), table.get("links")),
    containerName: reader.text(table.get("container_name"), NAME, "a container name"),
    privileges: readPrivileges(reader, table),
    plain: readPlain(reader, table),
    ulimits: readLimits(reader, table.get("ulimits")),
    logging: readLogging(reader, table.get("logging")),
    stopGrace: grace,
    health: readHealth(reader, table.get("healthcheck")),
    secrets: [...given.secrets, ...configs.secrets],
  };
}

/** Reads labels or annotations. */
function readAttributes(reader: Reader, node: Node | undefined): Service["labels"] {
  return Object.fromEntries(
    [...reader.pairs(node)].map((
      [name, { value, node }],
    ) => [name, { value: value ?? "", at: node }]),
  );
}

function readPullPolicy(
  reader: Reader,
  node: Node | undefined,
  image: string,
): Service["pullPolicy"] {
  const policy = reader.text(
    node,
    /^(always|missing|if_not_present|never|build|daily|weekly|every_\w+|refresh)$/,
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
  node: Node | undefined,
  secrets: ReadonlySet<string>,
): Service["environment"] {
  const variables: Service["environment"] = {};
  for (const [name, { value, node: at }] of reader.pairs(node, VARIABLE)) {
    if (value === null) continue;
    if (value.length > 128 * 1024) reader.problem(at, `the value of ${name} is too long`);
    const secret = [...variablesIn(at)].some((used) => secrets.has(used));
    Object.defineProperty(variables, name, {
      value: { value, secret, at: { ...at, key: `${node?.key}.${name}` } },
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return variables;
}

function readPlain(reader: Reader, table: Table): Service["plain"] {
  const plain: Service["plain"] = {};
  for (const [name, shape] of Object.entries(PLAIN)) {
    const node = table.get(name);
    const [grammar, expected] = GRAMMAR[name] ?? [];
    if (name === "extra_hosts") {
      const hosts = readHosts(reader, node);
      if (hosts.length > 0) plain[name] = hosts;
    } else if (shape === "flag") {
      if (reader.flag(node)) plain[name] = true;
    } else if (shape === "text") {
      const no = name === "restart" && /^(false|off)$/i.test(String(node?.content)) && node
        ? { ...node, content: "no" }
        : node;
      const text = reader.text(no, grammar, expected);
      if (text !== undefined) plain[name] = text;
    } else {
      const list = reader.texts(node, grammar, expected);
      if (list.length > 0) plain[name] = list;
    }
  }
  return plain;
}

function readLimits(reader: Reader, node: Node | undefined): Record<string, string> {
  const limits: Record<string, string> = {};
  for (const [name, limit] of reader.table(node)) {
    if (!/^[a-z]{2,12}$/.test(name)) reader.problem(limit, `${JSON.stringify(name)} is no limit`);
    const number = (item: Node | undefined) => reader.text(item, /^(-1|\d{1,19})$/, "a number");
    if (limit.content instanceof Map) {
      const table = reader.tableOf(limit, ["soft", "hard"]);
      const soft = number(table.get("soft") ?? table.get("hard"));
      const hard = number(table.get("hard") ?? table.get("soft"));
      if (soft !== undefined && hard !== undefined) limits[name] = `${soft}:${hard}`;
      else reader.problem(limit, "neither soft nor hard, expected both");
    } else {
      const both = reader.text(limit, /^(-1|\d{1,19})(:(-1|\d{1,19}))?$/, "a number");
      if (both !== undefined) limits[name] = both;
    }
  }
  return limits;
}
