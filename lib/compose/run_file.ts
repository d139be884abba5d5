/**
 * The run file: the judged model, absolute and literal. What was judged is what podman-compose is given.
 * @module
 */
import "./quiet_yaml.ts";
import { parse, stringify } from "yaml";
import { type Deployment, type SideFile } from "./build_file.ts";
import type { Model, NamedResource } from "./model.ts";
import { inOrder } from "./references.ts";
import { survey } from "./survey.ts";
import { attributeValues, writeService } from "./run_service.ts";
import { type Plain, writeYaml } from "./write.ts";

/** What a deployment runs from. */
export interface RunFile {
  text: string;
  /** Values of variables that the file names only. */
  env: Record<string, string>;
  /** What containers mount that no repository holds: `content` of configs, secrets from variables. */
  files: SideFile[];
}

/** The run file of a deployment. */
export function runFile(model: Model, deployment: Deployment): RunFile {
  const env: Record<string, string> = {};
  const files: SideFile[] = [];
  const services = Object.fromEntries(
    // PGO starts them in this order itself, and waits for what depends_on asks for.
    inOrder(model.services).map((
      service,
    ) => [service.name, writeService(service, deployment, env, files)]),
  );
  const joined = new Set(
    model.services.flatMap(({ networks }) => networks.map(({ name }) => name)),
  );
  const mounted = new Set(
    model.services.flatMap(({ mounts }) =>
      mounts.filter(({ type }) => type === "volume").map(({ source }) => source)
    ),
  );
  const secrets = new Set(model.services.flatMap(({ secrets }) => secrets.map(({ name }) => name)));
  // podman-compose 1.0.3 puts a service without networks into the only one there is.
  const unnamed = joined.has("default") && !model.networks.some(({ name }) => name === "default")
    ? [DEFAULT_NETWORK]
    : [];
  return {
    text: writeYaml({
      version: "3",
      services,
      // podman-compose 1.0.3 ends with an error for a network that nobody joins.
      networks: resources(
        [...unnamed, ...model.networks.filter(({ name }) => joined.has(name))],
        deployment,
      ),
      volumes: resources(model.volumes.filter(({ name }) => mounted.has(name)), deployment),
      secrets: secrets.size > 0
        ? Object.fromEntries([...secrets].map((name) => [name, { external: true }]))
        : undefined,
    }),
    env,
    files,
  };
}

/** The names of the services in the text of a run file. */
export function composeServices(text: string): string[] {
  return Object.keys(readRunFile(text).services ?? {});
}

/** The networks that the text of a run file names, as Podman knows them. */
export function composeNetworks(text: string): string[] {
  return Object.values(readRunFile(text).networks ?? {}).flatMap(({ name }) => name ?? []);
}

/** The secrets of Podman's that the text of a run file names. */
export function composeSecrets(text: string): string[] {
  return Object.keys(readRunFile(text).secrets ?? {});
}

/** The images that the text of a run file names. */
export function composeImages(text: string): string[] {
  return Object.values(readRunFile(text).services ?? {}).flatMap(({ image }) => image ?? []);
}

/** Absolute paths of the host that containers of a run file mount. */
export function bindSources(text: string): string[] {
  const volumes = Object.values(readRunFile(text).services ?? {}).flatMap((service) =>
    service.volumes ?? []
  );
  const sources = volumes.flatMap((volume) => {
    if (typeof volume !== "string") return volume.type === "bind" ? [volume.source ?? ""] : [];
    // Without a source it is an anonymous volume: "/x", "/x:ro".
    const [source = "", target = ""] = volume.split(":");
    return source.startsWith("/") && target.startsWith("/") ? [source] : [];
  });
  return [...new Set(sources)].map((source) => source.replaceAll("$$", "$"));
}

/** Absolute paths of the host that containers of a run file may write. */
export function writableSources(text: string): string[] {
  const writable: NonNullable<Written["services"]> = {};
  for (const [name, { volumes = [] }] of Object.entries(readRunFile(text).services ?? {})) {
    writable[name] = {
      volumes: volumes.filter((volume) =>
        typeof volume === "string"
          ? !volume.split(":").slice(1).at(-1)?.split(",").includes("ro")
          : volume.read_only !== true
      ),
    };
  }
  return bindSources(stringify({ services: writable }));
}

interface Written {
  networks?: Record<string, { name?: string }>;
  secrets?: Record<string, unknown>;
  services?: Record<
    string,
    {
      image?: string;
      volumes?: (string | { type?: string; source?: string; read_only?: boolean })[];
    }
  >;
}

/** Refuses the text of a run file that would keep the parser busy. @throws {TooMuch} */
export const surveyRunFile = survey;

function readRunFile(text: string): Written {
  // Looking for keys that are there twice takes time with the square of their number, and PGO writes no aliases.
  return parse(text, { uniqueKeys: false, maxAliasCount: 0 }) as Written | null ?? {};
}

const DEFAULT_NETWORK: Pick<
  NamedResource,
  "name" | "podmanName" | "external" | "internal" | "labels"
> = { name: "default", podmanName: undefined, external: false, internal: false, labels: {} };

function resources(
  list: readonly Omit<NamedResource, "at">[],
  { service }: Deployment,
): Plain | undefined {
  if (list.length === 0) return undefined;
  return Object.fromEntries(list.map(({ name, podmanName, external, internal, labels }) => [
    name,
    {
      name: podmanName ?? `${service}_${name}`,
      external: external ? true : undefined,
      internal: internal ? true : undefined,
      labels: Object.keys(labels).length > 0 ? attributeValues(labels) : undefined,
    },
  ]));
}
