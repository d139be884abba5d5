/**
 * The corpus: small repositories, each with what its compose file is expected to mean on this host.
 * @module
 */
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { judge, type Policy } from "../../lib/compose/policy.ts";
import { type Finding } from "../../lib/compose/problem.ts";
import { type Resolution, resolve } from "../../lib/compose/resolve.ts";
import type { Source } from "../../lib/compose/source.ts";
import { parsePortRange } from "../../lib/config/ports.ts";
import { directorySource } from "../../lib/service/directory_source.ts";

/** What `expect.yaml` says. */
export interface Expectation {
  about: string;
  config?: {
    service?: string;
    ports?: string[];
    foreign_ports?: Record<string, string>;
    env?: Record<string, string>;
    mounts?: string[];
    networks?: string[];
    volumes?: string[];
    secrets?: string[];
    allow?: string[];
    profiles?: string[];
    compose?: string | null;
  };
  links?: Record<string, string>;
  fifos?: string[];
  model?: {
    services?: Record<string, Record<string, unknown>>;
    networks?: Record<string, unknown>;
    volumes?: Record<string, unknown>;
    missing?: string[];
  };
  verdict?: { key?: string; message?: string; file?: string; line?: number }[];
  podman_compose?: string;
  /** Each matches a line of what podman-compose asks podman to do: one call, its words quoted for a shell. */
  proof?: string[];
  /** In place of `proof`: podman-compose never comes to an end, and asks nothing of podman before. */
  proof_hangs?: boolean;
  /** In place of `proof`: podman-compose runs out of the memory that is plenty for all other cases. */
  proof_memory?: boolean;
  /** The podman-compose that is shown; 1.0.3 where absent. */
  proof_version?: string;
}

/** One repository of the corpus. */
export interface Case {
  name: string;
  expect: Expectation;
  policy: Policy;
  source: Source;
  /** The directory with its files. */
  repository: string;
}

/** Where a case's service lives on the host. */
export const CHECKOUT = "/var/lib/pgo/shop/checkout";

/** All cases of a kind, by name. */
export async function readCorpus(kind: "legit" | "hostile"): Promise<Case[]> {
  const root = fileURLToPath(new URL(`corpus/${kind}/`, import.meta.url));
  const names = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
  return await Promise.all(names.map((name) => readCase(root, name)));
}

async function readCase(root: string, name: string): Promise<Case> {
  const text = await Deno.readTextFile(`${root}${name}/expect.yaml`);
  const expect = parse(text) as Expectation;
  const repository = `${root}${name}/repo`;
  const { config = {}, links = {}, fifos = [] } = expect;
  const files = directorySource(repository);
  const source: Source = {
    kind: (path) =>
      Object.hasOwn(links, path)
        ? Promise.resolve("symlink")
        : fifos.includes(path)
        ? Promise.resolve("other")
        : files.kind(path),
    read: files.read,
  };
  return { name, expect, source, repository, policy: policyOf(config) };
}

function policyOf(config: NonNullable<Expectation["config"]>): Policy {
  return {
    service: config.service ?? "shop",
    ports: (config.ports ?? ["8000/10"]).map(parsePortRange),
    foreignPorts: Object.entries(config.foreign_ports ?? { "9000/0": "other" }).map((
      [range, service],
    ) => ({ range: parsePortRange(range), service })),
    mounts: config.mounts ?? [],
    networks: config.networks ?? [],
    volumes: config.volumes ?? [],
    secrets: config.secrets ?? [],
    allow: config.allow ?? [],
    env: Object.keys(config.env ?? {}),
    checkout: CHECKOUT,
    dataDir: "/var/lib/pgo/shop/data",
  };
}

/** What PGO says of a case. */
export async function inspectCase(
  { expect, source, policy }: Pick<Case, "expect" | "source" | "policy">,
): Promise<Resolution> {
  const resolution = await resolve(source, {
    service: policy.service,
    file: expect.config?.compose ?? undefined,
    env: expect.config?.env ?? {},
    profiles: expect.config?.profiles ?? [],
  });
  const violations: Finding[] = resolution.model ? judge(resolution.model, policy) : [];
  return { ...resolution, findings: [...resolution.findings, ...violations] };
}
