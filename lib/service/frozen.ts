/**
 * What a deployment runs from, on disk: written once, judged by today's config and today's links whenever it
 * is started again.
 * @module
 */
import { judge, mayMount } from "../compose/policy.ts";
import { formatFinding } from "../compose/problem.ts";
import { resolve } from "../compose/resolve.ts";
import { bindSources, composeServices, runFile } from "../compose/run_file.ts";
import { type StartPlan, startPlan } from "../compose/start_plan.ts";
import {
  isMissing,
  readPrivateFile,
  realPaths,
  writeMountedFile,
  writePrivateFile,
} from "../host/service_directory.ts";
import { policyOf } from "./candidate.ts";
import { deploymentOf, StepError } from "./prepare.ts";
import type { Prepared, Service } from "./service.ts";

/** Where the run file of deployment `number` is. */
export function runFilePath(service: Service, number: number): string {
  return `${service.paths.deployments}/${number}.run.yaml`;
}

/** Writes what a deployment runs from, now and whenever it is gone back to. */
export async function freeze(service: Service, { record, candidate }: Prepared): Promise<void> {
  const { host: { run }, user, paths } = service;
  const { text, env, files } = runFile(candidate.model, deploymentOf(service, record));
  const at = `${paths.deployments}/${record.number}`;
  for (const { path, text } of files) await writeMountedFile(run, user, path, text);
  await writePrivateFile(run, user, `${at}.env.json`, JSON.stringify(env));
  await writePrivateFile(run, user, `${at}.start.json`, JSON.stringify(startPlan(candidate.model)));
  await writePrivateFile(run, user, runFilePath(service, record.number), text);
}

/** Whether there is a run file of deployment `number`. */
export async function isFrozen(
  { host: { run }, user, paths }: Service,
  number: number,
): Promise<boolean> {
  return !await isMissing(run, user, `${paths.deployments}/${number}.run.yaml`);
}

/** A frozen deployment, read again. */
export interface Frozen {
  text: string;
  /** Values of variables that the run file only names. */
  env: Record<string, string>;
  plan: StartPlan;
}

/** Reads what deployment `number` runs from. @throws {StepError} when that is gone. */
export async function readFrozen(service: Service, number: number): Promise<Frozen> {
  const { host: { run }, user, paths } = service;
  const text = await readPrivateFile(run, user, runFilePath(service, number));
  if (text === undefined) throw new StepError(`the run file of deployment ${number} is gone`);
  const env = await readPrivateFile(run, user, `${paths.deployments}/${number}.env.json`);
  const plan = await readPrivateFile(run, user, `${paths.deployments}/${number}.start.json`);
  return { text, env: JSON.parse(env ?? "{}"), plan: plan ? JSON.parse(plan) : plain(text) };
}

/** How a run file is started of which no more is known. */
function plain(text: string): StartPlan {
  const services = composeServices(text);
  return {
    groups: [{ services, first: [] }],
    wanted: services.map((name) => ({
      name,
      ports: [],
      published: [],
      check: undefined,
      mayEnd: true,
      restarts: true,
    })),
  };
}

/**
 * Judges a frozen deployment by today's config, and its mounts by where they lead now, as the service's user:
 * a container can make a link of a directory in its checkout. @throws {StepError} with what is not allowed.
 */
export async function judgeFrozen(service: Service, number: number, text: string): Promise<void> {
  const { paths } = service;
  const policy = policyOf(service);
  const written = `${paths.deployments}/${number}.files`;
  const source = {
    kind: (path: string) => Promise.resolve(path === "run.yaml" ? "file" as const : undefined),
    read: () => Promise.resolve(new TextEncoder().encode(text)),
  };
  const options = { service: policy.service, file: "run.yaml", env: {}, profiles: [] };
  const { model, findings } = await resolve(source, options);
  const own = { ...policy, frozen: true, mounts: [...policy.mounts, written] };
  const refused = [...findings, ...model ? judge(model, own) : []].filter(({ kind }) =>
    kind !== "note"
  );
  if (refused.length > 0) {
    throw new StepError(
      `deployment ${number} is not allowed any more: ${refused.map(formatFinding).join("; ")}`,
    );
  }
  await judgeLinks(service, bindSources(text), own.mounts);
}

async function judgeLinks(service: Service, sources: string[], mounts: string[]): Promise<void> {
  const { host: { run }, user, paths } = service;
  if (sources.length === 0) return;
  // The directory above is root's or the user's own; what lies in it counts by its name, wherever a link leads.
  const [top = "", ...rest] = await realPaths(run, user, [paths.root, ...mounts, ...sources]);
  const inTop = (path: string) => top + path.slice(paths.root.length);
  const real = {
    ...policyOf(service),
    mounts: rest.slice(0, mounts.length),
    checkout: inTop(paths.checkout),
    dataDir: inTop(paths.data),
  };
  rest.slice(mounts.length).forEach((path, at) => {
    if (mayMount(path, real)) return;
    throw new StepError(
      `${
        sources[at]
      } leads to ${path}, outside the service's own directories: a link, which the config would have to allow with mounts = [${
        JSON.stringify(path)
      }]`,
    );
  });
}
