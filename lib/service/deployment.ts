/**
 * A deployment as the log tells it: every line of it says which one, and its beginning and end are events, whoever asked for it.
 * @module
 */
import { about } from "../log.ts";
import type { DeploymentRecord } from "./ledger.ts";
import { StepError } from "./prepare.ts";
import type { Request } from "./reconcile.ts";
import { type Service, short } from "./service.ts";

/** Who asks, when nobody does: the branch moved, the config changed, the host was started. */
export const PGOD = "pgod";

/** A deployment that failed; the log has said so. */
export class DeploymentError extends StepError {}

/**
 * Carries out `body`, which makes a deployment live, as `request` wanted; then the log says `line`.
 * @throws {DeploymentError} for a step that did not work.
 */
export function asDeployment<Value>(
  service: Service,
  record: Pick<DeploymentRecord, "number" | "revision">,
  request: Pick<Request, "cause" | "actor" | "deploys">,
  line: string,
  body: () => Promise<Value>,
): Promise<Value> {
  const { host: { log, ledger }, config } = service;
  const { number: deployment, revision } = record;
  const facts = { service: config.name, deployment, revision };
  const { cause } = request;
  request.deploys?.(deployment);
  const actor = request.actor === PGOD ? undefined : request.actor;
  const started = `Deploying ${short(revision)} of "${config.name}"`;
  log.info("deployment.started", started, { ...facts, cause, actor });
  return about({ service: config.name, deployment }, async () => {
    try {
      const value = await body();
      log.info("deployment.live", line, facts);
      return value;
    } catch (error) {
      const isBack = ledger.deployment(config.name, deployment)?.outcome === "rolled back";
      const event = isBack ? "deployment.rolled_back" : "deployment.failed";
      log.error(event, (error as Error).message, facts);
      throw error instanceof StepError ? new DeploymentError(error.message) : error;
    }
  });
}

/** Writes to the ledger; on a full disk what happened counts more than that it cannot be written down. */
export function recorded(
  { host: { log }, config }: Service,
  { number }: Pick<DeploymentRecord, "number">,
  write: () => void,
): void {
  try {
    write();
  } catch (error) {
    log.error("deployment.unrecorded", `not recorded: ${(error as Error).message}`, {
      service: config.name,
      deployment: number,
    });
  }
}
