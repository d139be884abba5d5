/**
 * What a deployment runs from, on disk: written once, judged by today's config and today's links whenever it
 * is started again.
 * @module
 */
import { TooMuch } from "../compose/budget.ts";
import { judge, mayMount } from "../compose/policy.ts";
import { formatFinding } from "../compose/problem.ts";
import { resolve } from "../compose/resolve.ts";
import { bindSources, composeServices, runFile, surveyRunFile } from "../compose/run_file.ts";
import { type StartPlan, startPlan } from "../compose/start_plan.ts";
import type { User } from "../host/as_user.ts";
import type { Run } from "../host/process.ts";
import {
  FILE_LIMIT,
  FileTooLarge,
  isMissing,
  readPrivateFile,
  realPaths,
  writeMountedFile,
  writePrivateFile,
} from "../host/service_directory.ts";
import { policyOf } from "./candidate.ts";
import { parseStartPlan, parseVariables } from "./frozen_files.ts";
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
  const written = [
    [`${at}.env.json`, JSON.stringify(env)],
    [`${at}.start.json`, JSON.stringify(startPlan(candidate.model))],
    [runFilePath(service, record.number), text],
  ] as const;
  for (const [path, text] of written) {
    if (new TextEncoder().encode(text).length <= FILE_LIMIT) continue;
    throw new StepError(`it is too large: ${path} would have more than ${FILE_LIMIT} bytes`);
  }
  for (const { path, text } of files) await writeMountedFile(run, user, path, text);
  for (const [path, text] of written) await writePrivateFile(run, user, path, text);
}

/** Whether there is a run file of deployment `number`. */
export async function isFrozen(
  { host: { run }, user, paths }: Service,
  number: number,
): Promise<boolean> {
  return !await isMissing(run, user, `${paths.deployments}/${number}.run.yaml`);
}

/** Whether the run file of deployment `number` can be read, and is not too large to be one of pgod's. */
export async function isReadable(service: Service, number: number): Promise<boolean> {
  try {
    const { host: { run }, user } = service;
    return await readPrivateFile(run, user, runFilePath(service, number)) !== undefined;
  } catch (error) {
    if (error instanceof FileTooLarge) return false;
    throw error;
  }
}

/** A frozen deployment, read again. */
export interface Frozen {
  text: string;
  /** Values of variables that the run file only names. */
  env: Record<string, string>;
  plan: StartPlan;
}

/** Reads what deployment `number` runs from. @throws {StepError} when that is gone, or not what pgod wrote. */
export async function readFrozen(service: Service, number: number): Promise<Frozen> {
  const { host: { run, log }, user, paths, config } = service;
  const at = `${paths.deployments}/${number}`;
  const text = await orStep(readPrivateFile(run, user, runFilePath(service, number)));
  if (text === undefined) throw new StepError(`the run file of deployment ${number} is gone`);
  try {
    surveyRunFile(text);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    throw new StepError(`the run file of deployment ${number} ${error.message}`);
  }
  const variables = await orStep(readPrivateFile(run, user, `${at}.env.json`));
  const env = parseVariables(variables ?? "{}");
  if (!env) throw new StepError(`${at}.env.json is not what pgod wrote`);
  const plan = await recordedStart(run, user, at);
  if (plan === null) {
    log.warn("deployment.unreadable", `${at}.start.json is not what pgod wrote, and is ignored`, {
      service: config.name,
      deployment: number,
    });
  }
  return { text, env, plan: plan ?? plain(text) };
}

/** The start plan of the deployment whose files begin with `at`; null where it is not what pgod wrote. */
export async function recordedStart(
  run: Run,
  user: User,
  at: string,
): Promise<StartPlan | null | undefined> {
  try {
    const text = await readPrivateFile(run, user, `${at}.start.json`);
    return text ? parseStartPlan(text) ?? null : undefined;
  } catch (error) {
    if (error instanceof FileTooLarge) return null;
    throw error;
  }
}

async function orStep<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof FileTooLarge ? new StepError(error.message) : error;
  }
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
