/**
 * When a service is reconciled: at start, then every interval with jitter, later when its remote fails.
 * @module
 */
import { within } from "../host/clock.ts";
import { RemoteError } from "../host/git_remote.ts";
import { serviceOutput } from "./output.ts";
import { ensureLive, reconcile, type Report } from "./reconcile.ts";
import { prepareService } from "./follow.ts";
import { DeploymentError, PGOD } from "./deployment.ts";
import { WaitsForTurn } from "./deploy.ts";
import { failureLines, Rejection, type Service } from "./service.ts";
import type { Turns } from "./turns.ts";

/** Share of the interval by which ticks wander, so that services do not all ask at once. */
const JITTER = 0.1;
/** The interval grows to at most this many times itself while the remote does not answer. */
const BACK_OFF_LIMIT = 8;
/** Milliseconds after which a start that waits for its containers lets the next service begin. */
const START_TURN = 15_000;
/** Milliseconds a tick waits for a command that holds the service. */
const PATIENCE = 60 * 60_000;

/** Milliseconds after which a tick that goes on, without a new step, is no longer one that works. */
const BUSY = 3 * PATIENCE;

/** Milliseconds until the next tick: `interval` ± jitter, doubled for each failure up to the limit. */
export function nextDelay(interval: number, failures: number, random: number): number {
  const stretched = interval * Math.min(2 ** failures, BACK_OFF_LIMIT);
  return Math.round(stretched * (1 - JITTER + 2 * JITTER * random));
}

/**
 * Follows the service's branch until `signal` aborts. Never throws: a failure is one log line, said once
 * until it changes, and the next tick tries again. `signal` ends the following, but not a deployment that
 * is under way: only `deadline` does.
 */
export async function follow(
  service: Service,
  options: {
    interval: number;
    cause: "boot" | "config";
    signal: AbortSignal;
    deadline: AbortSignal;
    /** Whose turn it is to start, among the services of this host. */
    starts: Turns;
    random?: () => number;
  },
): Promise<void> {
  const { host, config } = service;
  const { signal, random = Math.random } = options;
  let cause: string = options.cause;
  let ready = false;
  let said = "", waited = "";
  const place = host.turns.place(config);
  for (let failures = 0; !signal.aborted;) {
    const alive = () => void (service.due = performance.now() + BUSY);
    let waits = false;
    alive();
    try {
      await service.lock.hold("reconcile by pgod", async () => {
        const own = serviceOutput(service, () => {}, () => {}, options.deadline);
        // Each step has a limit of its own, but there may be many.
        const output = {
          ...own,
          step(line: string) {
            alive();
            own.step(line);
          },
        };
        if (!ready) {
          // Each counts for itself: nothing is built here, and a host may have all its services of one user.
          const { name } = config;
          const start = async () => {
            signal.throwIfAborted();
            await prepareService(service);
            say(service, await ensureLive(service, output));
          };
          let started: Promise<void> | undefined;
          const turn = () => within(START_TURN, started = start());
          await options.starts.take({ name, user: name }, turn);
          await started;
        }
        ready = true;
        const request = { cause, actor: PGOD, output, place, signal: options.deadline };
        const report = await reconcile(service, request);
        const trouble = report.result === "quarantined" ? report.line : "";
        const isNews = trouble ? trouble !== service.trouble : report.result !== "current";
        if (isNews || cause !== "push") say(service, report);
        if (service.trouble && !trouble) {
          host.log.info("service.well", `"${config.name}" is well again`, { service: config.name });
        }
        service.trouble = trouble;
      }, { patience: PATIENCE, signal });
      said = waited = "";
      failures = 0;
      cause = "push";
      place.leave();
    } catch (error) {
      if (signal.aborted) break;
      waits = error instanceof WaitsForTurn || place.isWaiting;
      if (!waits) place.leave();
      const lines = failureLines(error);
      const trouble = lines.join("; ");
      if (error instanceof WaitsForTurn) {
        if (waited === "") host.log.info("service.waiting", trouble, { service: config.name });
        waited = trouble;
      } else {
        if (trouble !== said) sayTrouble(service, error);
        said = trouble;
        service.trouble = service.quarantine || trouble;
      }
      failures = error instanceof RemoteError ? failures + 1 : 0;
      // What failed once because of a new config, or at boot, is not tried again at every tick.
      if (service.handled && !waits) cause = "push";
    }
    const delay = nextDelay(options.interval, failures, random());
    service.due = performance.now() + delay;
    const awake = new AbortController();
    const sleeping = host.sleep(delay, AbortSignal.any([signal, awake.signal]));
    // What is due begins at once when its turn comes; until then ticks go on, and heal.
    await (waits ? Promise.race([sleeping, place.turn]) : sleeping);
    awake.abort();
  }
  place.leave();
  service.due = Infinity;
}

const EVENT = {
  current: "service.current",
  frozen: "service.frozen",
  healed: "service.healed",
  started: "service.started",
  stopped: "service.stopped",
} as const;

function say({ host: { log }, config }: Service, { result, line }: Report): void {
  const service = config.name;
  // A deployment tells of its end itself, whoever asked for it.
  if (result === "deployed") return;
  if (result === "quarantined") log.warn("service.quarantined", line, { service });
  else log.info(EVENT[result], line, { service });
}

function sayTrouble({ host: { log }, config, tip }: Service, error: unknown): void {
  if (error instanceof DeploymentError) return;
  const event = error instanceof Rejection ? "candidate.refused" : "service.trouble";
  for (const line of failureLines(error)) log.error(event, line, { service: config.name, tip });
}
