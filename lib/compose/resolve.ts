/**
 * A compose file, read as the Compose Specification says, into a {@link Model}; what cannot be read for
 * certain is a problem, never a guess.
 * @module
 */
import { posix } from "node:path";
import { parseEnv } from "node:util";
import { readDocument } from "./document.ts";
import type { Model, Service } from "./model.ts";
import type { Problem } from "./problem.ts";
import { Reader } from "./reader.ts";
import { readResources } from "./resources.ts";
import { readService } from "./service.ts";
import type { Source } from "./source.ts";

/** What to resolve. */
export interface ResolveOptions {
  /** The compose file, from the top of the repository. */
  file: string;
  /** The config's `env`; wins over `.env`. */
  env: Readonly<Record<string, string>>;
}

/** The model, or why there is none. */
export interface Resolution {
  /** undefined when there are problems. */
  model: Model | undefined;
  problems: Problem[];
  /** Every path that was looked at, whether it was there or not: what a deployment depends on. */
  files: string[];
}

const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/** The first of the usual names that is a regular file at the top; undefined when none is. */
export async function findComposeFile(source: Source): Promise<string | undefined> {
  for (const name of NAMES) if (await source.kind(name) === "file") return name;
  return undefined;
}

/** Resolves a compose file. Throws only what `source` throws. */
export async function resolve(source: Source, { file, env }: ResolveOptions): Promise<Resolution> {
  const problems: Problem[] = [];
  const files: string[] = [];
  const report = (problem: Problem) => void problems.push(problem);
  const open = async (path: string, key = "", required = true): Promise<string | undefined> => {
    files.push(path);
    const kind = path.startsWith("../") ? "other" : await source.kind(path);
    const where = { file: key ? file : path, line: 1, column: 1, key };
    if (kind === "file") return new TextDecoder().decode(await source.read(path));
    if (kind !== undefined) {
      report({ ...where, message: `${path} is no regular file of the repository` });
    } else if (required) report({ ...where, message: `there is no ${path} in the repository` });
    return undefined;
  };
  const text = await open(file);
  const directory = posix.dirname(file);
  const dotenv = await open(posix.normalize(posix.join(directory, ".env")), "", false);
  const given: Record<string, string> = {
    ...parseEnv(dotenv ?? "") as Record<string, string>,
    ...env,
  };
  const document = readDocument(text ?? "", file, given, report);
  // Only what comes from the config may be a secret; the rest is in the repository for all to read.
  const secretDocument = {
    ...document,
    variables: (key: string) =>
      new Set([...document.variables(key)].filter((name) => Object.hasOwn(env, name))),
  };
  const reader = new Reader(secretDocument, report);
  const top = reader.table(document.value, "");
  for (const key of Object.keys(top)) {
    if (
      ["version", "name", "services", "networks", "volumes"].includes(key) || key.startsWith("x-")
    ) continue;
    reader.problem(key, "a key that PGO does not support (yet)");
  }
  const services: Service[] = [];
  for (const [name, value] of Object.entries(reader.table(top["services"], "services"))) {
    const key = `services.${name}`;
    if (!/^[a-zA-Z0-9][\w.-]*$/.test(name)) {
      reader.problem(key, `${JSON.stringify(name)} is no service name`);
    }
    const table = reader.table(value, key);
    // A service with profiles runs only when somebody asks for the profile, and nobody asks pgod.
    if (reader.texts(table["profiles"], `${key}.profiles`).length > 0) continue;
    const inherited: Service["environment"] = {};
    for (const { path, required } of envFiles(reader, table, key, directory)) {
      const content = parseEnv(await open(path, `${key}.env_file`, required) ?? "") as Record<
        string,
        string
      >;
      for (const [name, value] of Object.entries(content)) {
        inherited[name] = { value, secret: false };
      }
    }
    services.push(readService(reader, name, table, directory, inherited));
  }
  const model: Model = {
    services,
    networks: readResources(reader, "networks", top),
    volumes: readResources(reader, "volumes", top),
    place: document.place,
  };
  if (text !== undefined && services.length === 0 && problems.length === 0) {
    reader.problem("services", "no service runs, expected at least one");
  }
  await refuseSymlinks(reader, source, model);
  checkReferences(reader, model);
  checkExposure(reader, model);
  return { model: problems.length === 0 ? model : undefined, problems, files };
}

function envFiles(
  reader: Reader,
  table: ReturnType<Reader["table"]>,
  key: string,
  directory: string,
): { path: string; required: boolean }[] {
  const value = table["env_file"];
  const list = typeof value === "string"
    ? [{ value, key: `${key}.env_file` }]
    : reader.list(value, `${key}.env_file`);
  return list.flatMap(({ value, key }) => {
    const long = value !== null && typeof value === "object" && !Array.isArray(value)
      ? value
      : { path: value };
    const path = reader.text(long["path"], key);
    const required = long["required"] === undefined ||
      reader.flag(long["required"], `${key}.required`);
    return path === undefined ? [] : [{
      path: posix.normalize(posix.join(path.startsWith("/") ? "../" : directory, path)),
      required,
    }];
  });
}

/** A link that was committed could lead a mount or a build out of the repository. */
async function refuseSymlinks(reader: Reader, source: Source, { services }: Model): Promise<void> {
  const paths = services.flatMap(({ build, mounts }) => [
    ...(build ? [{ key: build.key, path: build.context }] : []),
    ...(build?.dockerfile
      ? [{ key: build.key, path: posix.join(build.context, build.dockerfile) }]
      : []),
    ...mounts.filter(({ type }) => type === "bind").map(({ key, source }) => ({
      key,
      path: source,
    })),
  ]);
  for (const { key, path } of paths) {
    const steps = path.startsWith("/") ? [] : posix.normalize(path).split("/");
    for (let depth = 1; depth <= steps.length; depth++) {
      const prefix = steps.slice(0, depth).join("/");
      if (prefix.startsWith("..") || await source.kind(prefix) !== "symlink") continue;
      reader.problem(key, `${prefix} is a symlink, expected a path of the repository itself`);
    }
  }
}

function checkReferences(reader: Reader, { services, networks, volumes }: Model): void {
  for (const { key, dependsOn, networks: joined, mounts } of services) {
    for (const name of dependsOn) {
      if (!services.some((other) => other.name === name)) {
        reader.problem(
          `${key}.depends_on`,
          `there is no service ${JSON.stringify(name)} that runs`,
        );
      }
    }
    for (const name of joined) {
      if (name !== "default" && !networks.some((network) => network.name === name)) {
        reader.problem(`${key}.networks`, `there is no network ${JSON.stringify(name)}`);
      }
    }
    for (const { type, source, key } of mounts) {
      if (type === "volume" && source && !volumes.some((volume) => volume.name === source)) {
        reader.problem(key, `there is no volume ${JSON.stringify(source)}`);
      }
    }
  }
}

/** Values of the config's `env` may be secrets: only `environment` keeps them out of every argv. */
function checkExposure(reader: Reader, { services }: Model): void {
  for (const { key } of services) {
    for (
      const part of ["command", "entrypoint", "labels", "healthcheck", "build", "hostname", "user"]
    ) {
      for (const name of reader.document.variables(`${key}.${part}`)) {
        reader.problem(
          `${key}.${part}`,
          `${name} comes from the config and would show in argv, expected it in environment only`,
        );
      }
    }
  }
}
