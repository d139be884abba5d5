/**
 * Brings what runs in line with what is wanted. Boot, tick, `sync` and a changed config all come here.
 * @module
 */
import { containers } from "../host/podman.ts";
import { LoginError } from "../host/registry.ts";
import { isMissing } from "../host/service_directory.ts";
import { about } from "../log.ts";
import type { Output } from "./output.ts";
import { type Drift, heal } from "./heal.ts";
import { deploy, WaitsForTurn } from "./deploy.ts";
import { followTo, fromMirror, inspect } from "./follow.ts";
import { look } from "./look.ts";
import { checkOut, meetsWriters } from "./checkout.ts";
import { isFrozen } from "./frozen.ts";
import { describeFreeze, frozen } from "./hold.ts";
import { StepError } from "./prepare.ts";
import { Rejection, type Service, short } from "./service.ts";
import { refreshSecrets } from "./secrets.ts";
import { bringUp } from "./start.ts";
import { remember } from "./state.ts";
import { takeDown } from "./switch.ts";
import type { Place } from "./turns.ts";

/** Why and for whom a reconcile runs. */
export interface Request {
  /** `boot`, `push`, `config`, or the command that asked. */
  cause: string;
  /** Fingerprint and comment of the key that asked, or `pgod`. */
  actor: string;
  output: Output;
  /** Among those who want to deploy. */
  place: Place;
  /** Tries a candidate again that failed before. */
  retry?: boolean;
  signal?: AbortSignal;
  /** Told which deployment it makes, or goes back to. */
  deploys?: (deployment: number) => void;
}

/** What a reconcile found or did, in a word for machines and a line for people. */
export interface Report {
  result: "current" | "deployed" | "frozen" | "healed" | "quarantined" | "started" | "stopped";
  line: string;
}

/**
 * One reconcile; the caller holds the service's lock. @throws {RemoteError}, {@link Rejection} or
 * {@link StepError}; what ran before still runs, or the ledger says why not. @throws {WaitsForTurn} when it has to be
 * called again once its place has its turn: by then everything may be otherwise.
 */
export async function reconcile(service: Service, request: Request): Promise<Report> {
  const { host, config } = service;
  const { stopped, live } = host.ledger.service(config.name);
  const seen = await look(service, request.signal);
  if (typeof seen.tip !== "string") {
    // What dies while the remote is away is brought back all the same.
    if (!stopped) await heal(service, request.output, seen.monitored);
    throw seen.tip;
  }
  const tip = await followTo(service, seen.tip, request.signal);
  await followSecrets(service, request.output, seen.monitored);
  if (stopped) return { result: "stopped", line: `stopped ${stopped}` };
  const hold = frozen(service);
  if (hold) {
    const healed = await heal(service, request.output, seen.monitored);
    return healed.length > 0 ? backAgain(healed) : { result: "frozen", line: describeFreeze(hold) };
  }
  if (service.handled === tip && request.cause === "push") {
    if (!seen.checkedOut) await advance(service, tip);
    const healed = await heal(service, request.output, seen.monitored);
    if (healed.length > 0) return backAgain(healed);
    const { quarantine } = service;
    return quarantine
      ? { result: "quarantined", line: quarantine }
      : { result: "current", line: `${short(tip)} is the tip` };
  }
  const { renewed } = service;
  try {
    if (request.place.isWaiting) throw new WaitsForTurn(request.place);
    const retry = request.retry || renewed || request.cause === "config";
    service.renewed = false;
    const report = await bringAbout(service, tip, live, { ...request, retry });
    service.handled = tip;
    service.quarantine = report.result === "quarantined" ? report.line : "";
    return report;
  } catch (error) {
    if (error instanceof WaitsForTurn) {
      service.renewed = renewed;
      await heal(service, request.output, seen.monitored);
    }
    // These will be no better next time: only a push or an operator can change them.
    if (isFailure(error)) {
      service.handled = tip;
      service.quarantine = `${short(tip)} waits for a push or sync --retry: ${
        error.message.replaceAll("\n", "; ")
      }`;
      service.trouble = service.quarantine;
    }
    throw error;
  }
}

/**
 * Reads the files of secrets again; what changed may mean another deployment. One that cannot be read stops
 * nothing that runs, and nothing is deployed until it can. @throws {SecretFileError} then.
 */
async function followSecrets(
  service: Service,
  output: Output,
  monitored: ReadonlySet<string>,
): Promise<void> {
  try {
    await refreshSecrets(service);
  } catch (error) {
    const { stopped } = service.host.ledger.service(service.config.name);
    if (!stopped) await heal(service, output, monitored);
    throw error;
  }
}

function isFailure(error: unknown): error is Error {
  return [Rejection, StepError, LoginError].some((kind) => error instanceof kind);
}

function backAgain(healed: readonly Drift[]): Report {
  return { result: "healed", line: `${healed.map(({ name }) => name).join(", ")} brought back` };
}

async function bringAbout(
  service: Service,
  tip: string,
  live: number | null,
  request: Request,
): Promise<Report> {
  const { host: { ledger }, config } = service;
  const candidate = await inspect(service, tip);
  const same = ledger.deployment(config.name, live)?.digest === candidate.digest;
  if (same && live !== null && await isFrozen(service, live)) {
    await advance(service, tip);
    const healed = await heal(service, request.output);
    if (healed.length > 0) return backAgain(healed);
    const { revision } = ledger.deployment(config.name, live) ?? {};
    const line = revision === tip
      ? `${short(tip)} is live as deployment ${live}`
      : `the checkout follows ${
        short(tip)
      }; deployment ${live} stays, since no file it is made from by name changed (plan shows what would; build and up deploy it)`;
    return { result: "current", line };
  }
  const last = ledger.last(config.name);
  const again = last?.digest === candidate.digest && last.revision === tip;
  if (again && ["failed", "rolled back"].includes(last.outcome) && !request.retry) {
    const line = `${
      short(tip)
    } failed as deployment ${last.number} (${last.detail}); it waits for a push or sync --retry; history ${last.number} shows what it did and printed`;
    return { result: "quarantined", line };
  }
  return await deploy(service, candidate, request);
}

async function advance(service: Service, revision: string): Promise<void> {
  const { host, config, paths, user } = service;
  const { checkout } = host.ledger.service(config.name);
  const missing = await isMissing(host.run, user, paths.checkout);
  if (checkout === revision && !missing) return;
  await fromMirror(service, async () => {
    if (!missing && await meetsWriters(service, revision)) {
      const until = `the checkout stays at ${short(checkout ?? "")} until the next deployment`;
      return host.log.info("checkout.stays", `${until}: containers may write what changed`, {
        service: config.name,
        revision: checkout ?? "",
      });
    }
    await checkOut(service, revision);
  });
}

/**
 * Starts the live deployment again where its containers are gone: after a reboot, a stop, or an end of pgod in the
 * middle of a switch. Needs neither the remote nor a build. `missed` as {@link heal} has it.
 */
export async function ensureLive(service: Service, output: Output, missed = true): Promise<Report> {
  const { host, config, user } = service;
  const { live, stopped } = host.ledger.service(config.name);
  const record = host.ledger.deployment(config.name, live);
  if (stopped) return { result: "stopped", line: `stopped ${stopped}` };
  if (!record) return { result: "current", line: "nothing is deployed yet" };
  if (!await isFrozen(service, record.number)) {
    return { result: "current", line: `the run file of deployment ${live} is gone` };
  }
  const found = await containers(host.run, user, config.name);
  if (found.length > 0 && found.every(({ deployment }) => deployment === String(live))) {
    service.healing = { tries: 0, next: 0 };
    const healed = await heal(service, output, undefined, missed);
    return healed.length > 0
      ? { ...backAgain(healed), result: "started" }
      : { result: "current", line: `deployment ${live} runs` };
  }
  await about({ service: config.name, deployment: record.number }, async () => {
    await takeDown(service, live, output);
    await bringUp(service, record, output);
    await remember(service, { halted: "[]" });
  });
  return { result: "started", line: `deployment ${live} is started again` };
}
