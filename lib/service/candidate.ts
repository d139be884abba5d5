/**
 * From a revision to a candidate: its compose file resolved, judged, and what it depends on hashed.
 * @module
 */
import { createHash } from "node:crypto";
import type { Model } from "../compose/model.ts";
import { judge, type Policy } from "../compose/policy.ts";
import { formatProblem } from "../compose/problem.ts";
import { findComposeFile, resolve } from "../compose/resolve.ts";
import type { TreeEntry } from "../host/git_objects.ts";
import { revisionSource } from "./revision_source.ts";
import { Rejection, type Service } from "./service.ts";

/** A revision that may be deployed. */
export interface Candidate {
  revision: string;
  /** Compose file, from the top of the repository. */
  composeFile: string;
  model: Model;
  /** Changes when a watched file or what the config gives it changes: then a deployment is due. */
  digest: string;
}

/** Marks a path that Git LFS keeps elsewhere. */
const LFS_FILTER = /\bfilter=lfs\b/;

/**
 * Resolves and judges the compose file of `revision`.
 * @throws {Rejection} with every problem and violation; nothing on disk or in Podman is touched.
 */
export async function inspectCandidate(service: Service, revision: string): Promise<Candidate> {
  const { config, git } = service;
  const tree = await git.tree(revision);
  await refuseUnsupported(service, tree);
  const source = revisionSource(git, tree);
  const file = config.compose ?? await findComposeFile(source);
  if (!file) {
    throw new Rejection([
      "no compose file at the top of the repository, expected compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml",
    ]);
  }
  const { model, problems, files } = await resolve(source, {
    file,
    env: config.env,
  });
  if (problems.length > 0 || !model) throw new Rejection(problems.map(formatProblem));
  const violations = judge(model, policyOf(service));
  if (violations.length > 0) throw new Rejection(violations.map(formatProblem));
  return { revision, composeFile: file, model, digest: digestOf(service, file, files, tree) };
}

/** What this host's config allows the service. */
export function policyOf(service: Service): Policy {
  const { config, paths, foreignPorts } = service;
  return {
    service: config.name,
    ports: config.ports,
    foreignPorts,
    mounts: config.mounts,
    networks: config.networks,
    volumes: config.volumes,
    allow: config.allow,
    checkout: paths.checkout,
    dataDir: paths.data,
  };
}

async function refuseUnsupported({ git }: Service, tree: Map<string, TreeEntry>): Promise<void> {
  const lines: string[] = [];
  const attributes: TreeEntry[] = [];
  for (const [path, entry] of tree) {
    if (entry.kind === "submodule") {
      lines.push(`${path}: a Git submodule, which PGO does not fetch: commit the files themselves`);
    }
    if (/(^|\/)\.gitattributes$/.test(path) && entry.size < 65_536) attributes.push(entry);
  }
  const contents = await git.blobs(attributes.map(({ id }) => id));
  for (const content of contents.values()) {
    if (!LFS_FILTER.test(new TextDecoder().decode(content))) continue;
    lines.push(
      ".gitattributes: Git LFS, which PGO does not fetch: commit the files themselves or put them in the image",
    );
  }
  if (lines.length > 0) throw new Rejection(lines);
}

function digestOf(
  service: Service,
  file: string,
  files: string[],
  tree: Map<string, TreeEntry>,
): string {
  const watched = [...new Set(files)].sort().map((path) => [path, tree.get(path)?.id ?? ""]);
  const facts = JSON.stringify([file, watched, Object.entries(service.config.env)]);
  return createHash("sha256").update(facts).digest("hex");
}
