/**
 * One deployment from its candidate to its end.
 * @module
 */
import type { Candidate } from "./candidate.ts";
import { asDeployment, recorded } from "./deployment.ts";
import { begin, build, pull } from "./prepare.ts";
import { prune } from "./prune.ts";
import type { Report, Request } from "./reconcile.ts";
import { type Service, short } from "./service.ts";
import { switchTo } from "./switch.ts";

/** Deploys a candidate: everything is made ready before anything is taken down. */
export async function deploy(
  service: Service,
  candidate: Candidate,
  request: Request,
): Promise<Report> {
  const { host, config } = service;
  const ready = service.prepared;
  const fits = ready?.candidate.digest === candidate.digest &&
    ready.record.revision === candidate.revision;
  const prepared = fits ? ready : await begin(service, candidate, request.cause, request.actor);
  service.prepared = undefined;
  const { number, revision } = prepared.record;
  const { output } = request;
  const waiting = (others: string) => output.step(`waiting until ${others} is deployed`);
  const carryOut = () =>
    host.turns.take(config, async () => {
      try {
        await pull(service, prepared, output);
        await build(service, prepared, output);
      } catch (error) {
        const why = (error as Error).message;
        recorded(service, prepared.record, () => host.ledger.end(prepared.record, "failed", why));
        throw error;
      }
      await switchTo(service, prepared, output);
    }, waiting);
  const line = `deployment ${number}: ${short(revision)} is live`;
  await asDeployment(service, prepared.record, request, line, async () => {
    try {
      await carryOut();
    } finally {
      recorded(
        service,
        prepared.record,
        () => host.ledger.describe(prepared.record, output.steps(), output.tail()),
      );
    }
  });
  await prune(service).catch((error) =>
    host.log.warn("files.kept", `what is old was not removed: ${(error as Error).message}`, {
      service: config.name,
    })
  );
  return { result: "deployed", line };
}
