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
import type { Place } from "./turns.ts";

/** It is not this service's turn to deploy yet; nothing was done, and the service is free meanwhile. */
export class WaitsForTurn extends Error {
  constructor(readonly place: Place) {
    super(`waiting until ${place.before()} is deployed`);
  }
}

/**
 * Deploys a candidate: everything is made ready before anything is taken down. The turn it takes ends when all is
 * started and only watched. @throws {WaitsForTurn} when it is not its turn yet, before anything is done.
 */
export async function deploy(
  service: Service,
  candidate: Candidate,
  request: Request,
): Promise<Report> {
  const { host, config } = service;
  const { place } = request;
  if (!place.ask()) throw new WaitsForTurn(place);
  const ready = service.prepared;
  const fits = ready?.candidate.digest === candidate.digest &&
    ready.record.revision === candidate.revision;
  const prepared = fits ? ready : await begin(service, candidate, request.cause, request.actor);
  service.prepared = undefined;
  const { number, revision } = prepared.record;
  const { output } = request;
  const carryOut = async () => {
    try {
      await pull(service, prepared, output);
      await build(service, prepared, output);
    } catch (error) {
      const why = (error as Error).message;
      recorded(service, prepared.record, () => host.ledger.end(prepared.record, "failed", why));
      throw error;
    }
    await switchTo(service, prepared, output, () => place.leave());
  };
  const line = `deployment ${number}: ${short(revision)} is live`;
  await asDeployment(service, prepared.record, request, line, async () => {
    try {
      await carryOut();
    } finally {
      place.leave();
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
