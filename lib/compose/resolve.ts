/**
 * A compose file, read as the Compose Specification says, into a {@link Model}; what cannot be read for
 * certain is a finding, never a guess.
 * @module
 */
import { posix } from "node:path";
import { Budget, TooMuch } from "./budget.ts";
import { Files } from "./files.ts";
import { loadProject, readVariables, TOP_LEVEL } from "./load.ts";
import type { Variables } from "./interpolate.ts";
import type { Model, Service } from "./model.ts";
import type { Node } from "./node.ts";
import { type Finding, finding, isRefused, maskSecrets, type Where } from "./problem.ts";
import { Reader } from "./reader.ts";
import { checkReferences } from "./references.ts";
import { NAME, readNetworks, readVolumes } from "./resources.ts";
import { readOrigins } from "./secrets.ts";
import { readService } from "./service.ts";
import type { Source } from "./source.ts";

/** What to resolve. */
export interface ResolveOptions {
  /** Name of the PGO service. */
  service: string;
  /** The compose file, from the top of the repository; undefined: the usual names, with their override. */
  file: string | undefined;
  /** The config's `env`; wins over `.env`. Its values are taken for secrets. */
  env: Readonly<Record<string, string>>;
  /** Active profiles. */
  profiles: readonly string[];
}

/** The model, or why there is none. */
export interface Resolution {
  /** undefined when it cannot be read; it may still hold what is not allowed. */
  model: Model | undefined;
  findings: Finding[];
  /** Every path that was looked at, whether it was there or not: what a deployment depends on. */
  files: string[];
}

const STEERING =
  /^(COMPOSE_(FILE|PROFILES|ENV_FILES|PATH_SEPARATOR)|PODMAN_\w+|DOCKER_HOST|CONTAINERS_\w+)$/;
/** How many findings are kept. */
const FINDINGS = 500;
/** The usual names of a compose file, the first one counts. */
export const COMPOSE_NAMES = [
  "compose.yaml",
  "compose.yml",
  "docker-compose.yaml",
  "docker-compose.yml",
];

/** The first of the usual names that is a regular file at the top, and its override; empty when there is none. */
export async function findComposeFiles(source: Source): Promise<string[]> {
  for (const name of COMPOSE_NAMES) {
    if (await source.kind(name) !== "file") continue;
    for (const ending of [".override.yaml", ".override.yml"]) {
      const override = name.replace(/\.ya?ml$/, ending);
      if (await source.kind(override) !== undefined) return [name, override];
    }
    return [name];
  }
  return [];
}

/** Resolves a compose file. Throws only what `source.kind` throws. */
export async function resolve(source: Source, options: ResolveOptions): Promise<Resolution> {
  const found: Finding[] = [];
  const report = (one: Finding) => {
    if (found.length < FINDINGS) found.push(maskSecrets(one, options.env));
  };
  const budget = new Budget();
  const files = new Files(source, report, budget);
  const reader = new Reader(report);
  const secrets = new Set(Object.keys(options.env));
  const paths = options.file === undefined ? await findComposeFiles(source) : [options.file];
  const [path] = paths;
  const top: Where = { file: path ?? "", line: 1, column: 1, key: "" };
  if (path === undefined) {
    report(
      finding(
        "problem",
        { ...top, file: "." },
        `no compose file at the top of the repository, expected one of ${COMPOSE_NAMES.join(", ")}`,
      ),
    );
    return { model: undefined, findings: found, files: [] };
  }
  const base = posix.dirname(path);
  const loading = { files, reader, secrets, profiles: options.profiles, budget };
  const dotenv = {
    path: posix.join(base, ".env"),
    at: { ...top, file: posix.join(base, ".env") },
    required: false,
  };
  const given = new Map([...Object.entries(options.env), [
    "COMPOSE_PROJECT_NAME",
    options.service,
  ]]);
  let model: Model | undefined;
  try {
    const variables = await readVariables(loading, [dotenv], given);
    judgeDotenv(reader, variables, dotenv.at);
    const files = paths.map((path) => ({ path, at: top }));
    const tree = await loadProject(loading, { files, base, variables, chain: paths });
    model = tree && await readModel(tree, { reader, files: loading.files, secrets });
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    reader.problem(top, error.message);
  }
  if (model) checkReferences(reader, model);
  if (model?.services.length === 0 && !isRefused(found)) {
    reader.problem(top, "no service runs, expected at least one below services");
  }
  const readable = !found.some(({ kind }) => kind === "problem");
  return { model: readable ? model : undefined, findings: found, files: [...files.seen] };
}

/** Variables that would steer compose or podman, were they given this file. */
function judgeDotenv(reader: Reader, variables: Variables, at: Where): void {
  for (const name of variables.keys()) {
    if (!STEERING.test(name)) continue;
    reader.violation(
      { ...at, key: name },
      `${name} steers compose or podman: what runs is up to pgod's config (compose, profiles)`,
    );
  }
}

async function readModel(
  tree: Node,
  doors: { reader: Reader; files: Files; secrets: ReadonlySet<string> },
): Promise<Model> {
  const { reader, files } = doors;
  const top = reader.tableOf(tree, TOP_LEVEL);
  const name = top.get("name");
  if (name) {
    reader.note(
      name,
      "name has no effect: containers are named after the service of pgod's config",
    );
  }
  for (const section of ["networks", "volumes"]) reader.hidden(top.get(section), doors.secrets);
  const { volumes, instead } = readVolumes(reader, top.get("volumes"));
  const surroundings = {
    ...doors,
    secretOrigins: await readOrigins(reader, files, top.get("secrets"), "secrets"),
    configOrigins: await readOrigins(reader, files, top.get("configs"), "configs"),
  };
  const services: Service[] = [];
  const own = reader.table(top.get("services"));
  for (const [name, node] of own) {
    if (!NAME.test(name)) reader.problem(node, `${JSON.stringify(name)} is no service name`);
    const service = await readService(surroundings, name, node);
    if (service) services.push(service);
  }
  for (const service of services) {
    service.mounts = service.mounts.map((mount) => {
      const real = mount.type === "volume" ? instead.get(mount.source) : undefined;
      if (!real) return mount;
      const { type, source, at } = real;
      return {
        ...mount,
        type,
        source,
        at,
        readOnly: real.readOnly || mount.readOnly,
        options: [...real.options, ...mount.options],
      };
    });
    for (const { type, source, through = [], at } of service.mounts) {
      if (type !== "bind" || /^[/~]|^\.\.(\/|$)/.test(source)) continue;
      for (const path of [source, ...through]) await files.isPlain(path, at);
    }
  }
  return {
    services,
    networks: readNetworks(reader, top.get("networks")),
    volumes: volumes.filter(({ name }) => !instead.has(name)),
  };
}
