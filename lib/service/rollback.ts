/**
 * Back to a deployment that was good: from its run file and images where they are left, else the whole road.
 * @module
 */
import { imageExists } from "../host/podman.ts";
import { composeImages } from "../compose/run_file.ts";
import { inspectCandidate } from "./candidate.ts";
import { judgeFrozen, readFrozen } from "./frozen.ts";
import { asDeployment } from "./deployment.ts";
import { frozen, setFreeze } from "./hold.ts";
import type { DeploymentRecord } from "./ledger.ts";
import { StepError } from "./prepare.ts";
import { deploy } from "./deploy.ts";
import { fromMirror } from "./follow.ts";
import { type Report, type Request } from "./reconcile.ts";
import { type Service, short } from "./service.ts";
import { goBackTo } from "./switch.ts";

/**
 * Makes an earlier deployment live again, and freezes the service: else the next tick would deploy the tip.
 * `name` is a revision, its beginning, or undefined for the last good one. @throws {StepError} when there is none.
 */
export async function rollback(
  service: Service,
  name: string | undefined,
  request: Request,
): Promise<Report> {
  const { host: { ledger }, config } = service;
  const { live } = ledger.service(config.name);
  const target = findTarget(service, name);
  if (!target && name === undefined) throw new StepError("no earlier deployment was good");
  const revision = target?.revision ?? await service.git.findRevision(name ?? "", request.signal);
  const before = frozen(service) ?? null;
  // Before anything is switched: a tick after a crash in between would deploy the tip again.
  await setFreeze(service, {
    actor: request.actor,
    since: new Date().toISOString(),
    reason: `rollback to ${short(revision)}`,
    until: null,
  });
  try {
    const report = await bringBack(service, target, revision, request);
    if (live !== null && ledger.service(config.name).live !== live) {
      ledger.leave(config.name, live, `rollback by ${request.actor}`);
    }
    return { ...report, line: `${report.line}, and frozen: unfreeze lets the branch go on` };
  } catch (error) {
    await setFreeze(service, before);
    throw error;
  }
}

async function bringBack(
  service: Service,
  target: DeploymentRecord | undefined,
  revision: string,
  request: Request,
): Promise<Report> {
  const { host: { ledger }, config } = service;
  const { live, stopped } = ledger.service(config.name);
  if (target && target.number === live && !stopped) {
    return { result: "current", line: `deployment ${live}: ${short(revision)} is live already` };
  }
  if (target && target.number !== live && await isLeft(service, target)) {
    const line = `deployment ${target.number}: ${short(revision)} is live again`;
    const { output } = request;
    await asDeployment(service, target, request, line, () => goBackTo(service, target, output));
    return { result: "deployed", line };
  }
  const candidate = await fromMirror(service, () => inspectCandidate(service, revision));
  return await deploy(service, candidate, request);
}

function findTarget(
  { host: { ledger }, config }: Service,
  name: string | undefined,
): DeploymentRecord | undefined {
  const { live } = ledger.service(config.name);
  if (name === undefined) return ledger.lastGood(config.name, live);
  return ledger.deployments(config.name, 1000).find(({ revision, outcome }) =>
    outcome === "live" && name.length >= 7 && revision.startsWith(name)
  );
}

/** Whether everything a deployment ran from is still there and still allowed. */
async function isLeft(service: Service, { number }: DeploymentRecord): Promise<boolean> {
  const { host: { run }, user } = service;
  try {
    const { text } = await readFrozen(service, number);
    await judgeFrozen(service, number, text);
    for (const image of composeImages(text)) {
      if (!await imageExists(run, user, image)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof StepError) return false;
    throw error;
  }
}
