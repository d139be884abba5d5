/**
 * From a revision to a candidate: its compose file resolved, judged, and what it depends on hashed.
 * @module
 */
import { createHash } from "node:crypto";
import type { Model } from "../compose/model.ts";
import { judge, type Policy } from "../compose/policy.ts";
import { type Finding, finding, isRefused, maskSecrets } from "../compose/problem.ts";
import { resolve } from "../compose/resolve.ts";
import type { TreeEntry } from "../host/git_objects.ts";
import { revisionSource } from "./revision_source.ts";
import { refreshSecrets } from "./secrets.ts";
import { Rejection, type Service } from "./service.ts";

/** A revision that may be deployed. */
export interface Candidate {
  revision: string;
  model: Model;
  /** Changes when a watched file or what the config gives it changes: then a deployment is due. */
  digest: string;
}

/** A revision as this host sees it, whether it may be deployed or not. */
export interface Inspection {
  revision: string;
  /** undefined when its compose file cannot be read. */
  model: Model | undefined;
  findings: Finding[];
  /** Everything in the revision, by path. */
  tree: ReadonlyMap<string, TreeEntry>;
  /** Paths that a deployment depends on. */
  watched: string[];
  digest: string;
}

/** How many different .gitattributes a revision may have. */
const ATTRIBUTES = 30;
/** Marks a path that Git LFS keeps elsewhere. */
const LFS_FILTER = /\bfilter=lfs\b/;

/** Resolves and judges the compose file of `revision`; nothing on disk or in Podman is touched. */
export async function inspectRevision(service: Service, revision: string): Promise<Inspection> {
  const { config, git } = service;
  await refreshSecrets(service);
  const tree = await git.tree(revision);
  const unsupported = await findUnsupported(service, tree);
  const { model, findings, files } = await resolve(revisionSource(git, tree), {
    service: config.name,
    file: config.compose,
    env: service.env,
    profiles: config.profiles,
  });
  const violations = (model ? judge(model, policyOf(service)) : [])
    .map((one) => maskSecrets(one, service.env));
  const watched = [...new Set(files)].sort();
  return {
    revision,
    model,
    findings: [...unsupported, ...findings, ...violations],
    tree,
    watched,
    digest: digestOf(service, watched, tree),
  };
}

/**
 * The candidate that `revision` is.
 * @throws {Rejection} with everything that speaks against it; nothing on disk or in Podman is touched.
 * @throws {SecretFileError} when a file that the config names cannot be read.
 */
export async function inspectCandidate(service: Service, revision: string): Promise<Candidate> {
  const { model, findings, digest } = await inspectRevision(service, revision);
  if (isRefused(findings) || !model) {
    throw new Rejection(findings.filter(({ kind }) => kind !== "note"));
  }
  return { revision, model, digest };
}

/** What this host's config allows the service. */
export function policyOf(service: Service): Policy {
  const { config, env, paths, foreignPorts, foreignNetworks } = service;
  return {
    service: config.name,
    ports: config.ports,
    foreignPorts,
    mounts: config.mounts,
    networks: config.networks,
    foreignNetworks,
    volumes: config.volumes,
    secrets: config.secrets,
    allow: config.allow,
    env: Object.keys(env),
    checkout: paths.checkout,
    dataDir: paths.data,
  };
}

async function findUnsupported(
  { git }: Service,
  tree: ReadonlyMap<string, TreeEntry>,
): Promise<Finding[]> {
  const found: Finding[] = [];
  const report = (file: string, message: string) =>
    void found.push(finding("problem", { file, line: 1, column: 1, key: "" }, message));
  const attributes: [string, TreeEntry][] = [];
  for (const [path, entry] of tree) {
    // Git's bytes that are no UTF-8 all look the same here, and may be another file's name.
    if (path.includes("\ufffd")) report(path, "a path that is no UTF-8, expected another name");
    if (entry.kind === "submodule") {
      report(path, "a Git submodule, which PGO does not fetch: commit the files themselves");
    }
    if (/(^|\/)\.gitattributes$/.test(path) && entry.size < 65_536) attributes.push([path, entry]);
  }
  const ids = [...new Set(attributes.map(([, { id }]) => id))];
  if (ids.length > ATTRIBUTES) report(".gitattributes", `more than ${ATTRIBUTES} different ones`);
  const contents = await git.blobs(ids.slice(0, ATTRIBUTES));
  for (const [path, { id }] of attributes) {
    if (!LFS_FILTER.test(new TextDecoder().decode(contents.get(id)))) continue;
    report(
      path,
      "Git LFS, which PGO does not fetch: commit the files themselves or put them in the image",
    );
  }
  return found;
}

function digestOf(
  { config, env }: Service,
  watched: string[],
  tree: ReadonlyMap<string, TreeEntry>,
): string {
  const files = watched.map((path) => [path, tree.get(path)?.id ?? ""]);
  const facts = JSON.stringify([
    files,
    Object.entries(env),
    config.profiles,
    config.compose,
  ]);
  return createHash("sha256").update(facts).digest("hex");
}
