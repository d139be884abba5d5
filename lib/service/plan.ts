/**
 * What a deployment of a revision would do, without doing it.
 * @module
 */
import "../compose/quiet_yaml.ts";
import { runFile } from "../compose/run_file.ts";
import type { Model, Service as ComposeService } from "../compose/model.ts";
import { type Finding, isRefused } from "../compose/problem.ts";
import { parse } from "yaml";
import { type Inspection, inspectRevision } from "./candidate.ts";
import { deploymentOf } from "./prepare.ts";
import type { Service } from "./service.ts";

/** A file that is another in the planned revision. */
export interface FileChange {
  path: string;
  change: "added" | "modified" | "removed";
}

/** A service of the compose file that is another after the deployment, and why. */
export interface ServiceChange {
  name: string;
  change: "added" | "changed" | "removed" | "restarted";
  reasons: string[];
}

/** What a deployment would do. */
export interface Plan {
  /** Deployed revision; null: none. */
  from: string | null;
  /** Planned revision. */
  to: string;
  /** Whether it would be deployed; if not, the checkout alone follows, or it is refused. */
  deploys: boolean;
  files: FileChange[];
  services: ServiceChange[];
  findings: Finding[];
}

/** Plans `revision`, which has to be fetched already. */
export async function plan(service: Service, revision: string): Promise<Plan> {
  const { host: { ledger }, config } = service;
  const live = ledger.deployment(config.name, ledger.service(config.name).live);
  const next = await inspectRevision(service, revision);
  const now = live ? await inspectRevision(service, live.revision) : undefined;
  const files = compareTrees(now?.tree ?? new Map(), next.tree);
  const refused = isRefused(next.findings);
  const deploys = !refused && live?.digest !== next.digest;
  return {
    from: live?.revision ?? null,
    to: revision,
    deploys,
    files,
    services: deploys ? compareServices(service, now, next, files) : [],
    findings: next.findings,
  };
}

function compareTrees(before: Inspection["tree"], after: Inspection["tree"]): FileChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    const old = before.get(path);
    const now = after.get(path);
    if (!old) return [{ path, change: "added" }];
    if (!now) return [{ path, change: "removed" }];
    return old.id === now.id && old.kind === now.kind ? [] : [{ path, change: "modified" }];
  });
}

function compareServices(
  service: Service,
  now: Inspection | undefined,
  next: Inspection,
  files: readonly FileChange[],
): ServiceChange[] {
  const before = written(service, now?.model);
  const after = written(service, next.model);
  const models = new Map((next.model?.services ?? []).map((one) => [one.name, one]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((name): ServiceChange => {
    const old = before.get(name);
    const fresh = after.get(name);
    if (!fresh) return { name, change: "removed", reasons: [] };
    if (!old) return { name, change: "added", reasons: [] };
    const model = models.get(name);
    const reasons = [
      ...[...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter((key) =>
        JSON.stringify(old[key]) !== JSON.stringify(fresh[key])
      ),
      ...model ? touched(model, files) : [],
    ];
    return { name, change: reasons.length > 0 ? "changed" : "restarted", reasons };
  });
}

/** Each service as it would be run, with where its image comes from. */
function written(service: Service, model: Model | undefined): Map<string, Record<string, unknown>> {
  if (!model) return new Map();
  const { text, env } = runFile(model, deploymentOf(service, { number: 0, revision: "" }));
  const services = (parse(text) as { services: Record<string, Record<string, unknown>> }).services;
  return new Map(model.services.map((one) => [one.name, {
    ...services[one.name],
    environment: Object.entries(one.environment).map((
      [name],
    ) => [name, env[name] ?? one.environment[name]?.value]),
    image: one.build ? undefined : one.image,
    build: one.build && { ...one.build, at: undefined },
    contents: one.mounts.map(({ text }) => text),
  }]));
}

/** Why changed files reach a service: it is built from them or mounts them. */
function touched({ build, mounts }: ComposeService, files: readonly FileChange[]): string[] {
  const within = (directory: string) =>
    files.find(({ path }) =>
      directory === "." || path === directory || path.startsWith(`${directory}/`)
    );
  const built = build && within(build.context);
  return [
    ...built ? [`built from ${built.path}`] : [],
    ...mounts.flatMap(({ type, source }) => {
      const found = type === "bind" && !source.startsWith("/") ? within(source) : undefined;
      return found ? [`mounts ${found.path}`] : [];
    }),
  ];
}
