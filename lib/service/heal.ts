/**
 * What runs against what is wanted: containers that are gone or dead are brought back, the others stay untouched.
 * @module
 */
import { composeNetworks } from "../compose/run_file.ts";
import type { Wanted } from "../compose/start_plan.ts";
import { pinBridges } from "../host/networks.ts";
import { type Container, containers, startContainers } from "../host/podman.ts";
import { about } from "../log.ts";
import { type Frozen, isFrozen, judgeFrozen, readFrozen } from "./frozen.ts";
import { Gate, GateError } from "./gate.ts";
import type { Output } from "./output.ts";
import { StepError } from "./prepare.ts";
import type { Service } from "./service.ts";
import { startServices } from "./start.ts";

/** One way in which what runs is not what is wanted. */
export interface Drift {
  /** The compose service. */
  name: string;
  /** `gone`, or Podman's words for its container. */
  state: string;
  container: Container | undefined;
}

/** What is missing or dead of deployment `number`; `found` are the service's containers. */
export function drift(
  wanted: readonly Wanted[],
  number: number,
  found: readonly Container[],
): Drift[] {
  return wanted.flatMap(({ name, mayEnd, restarts }): Drift[] => {
    const container = found.find((one) =>
      one.composeService === name && one.deployment === String(number)
    );
    if (!container) return [{ name, state: "gone", container }];
    const { state, exitCode, status } = container;
    if (["running", "paused", "stopping"].includes(state)) return [];
    if (state === "exited" && exitCode === 0 && mayEnd && !restarts) return [];
    return [{ name, state: status.toLowerCase() || state, container }];
  });
}

/**
 * Brings back what drifted of the live deployment. Returns what it mended. @throws {StepError} when it does not
 * come back; later ticks try again, with growing pauses.
 */
export async function heal(service: Service, output: Output): Promise<Drift[]> {
  const { host, config, user } = service;
  const { live } = host.ledger.service(config.name);
  if (live === null || performance.now() < service.healing.next) return [];
  if (!await isFrozen(service, live)) return [];
  const frozen = await readFrozen(service, live);
  const found = drift(frozen.plan.wanted, live, await containers(host.run, user, config.name));
  if (found.length === 0) {
    service.healing = { tries: 0, next: 0 };
    return [];
  }
  const tries = service.healing.tries + 1;
  service.healing = { tries, next: performance.now() + Math.min(2 ** tries, 600) * 1000 };
  for (const { name, state } of found) {
    host.log.warn("container.lost", `${name} is ${state}, it is brought back`, {
      service: config.name,
      deployment: live,
      compose_service: name,
      state,
    });
  }
  await about(
    { service: config.name, deployment: live },
    () => bringBack(service, live, frozen, found, output),
  );
  return found;
}

async function bringBack(
  service: Service,
  number: number,
  frozen: Frozen,
  found: readonly Drift[],
  output: Output,
): Promise<void> {
  const { host: { run }, user } = service;
  await judgeFrozen(service, number, frozen.text);
  const dead = found.flatMap(({ container }) => container ? [container.id] : []);
  const gone = found.filter(({ container }) => !container).map(({ name }) => name);
  await startContainers(run, user, dead);
  if (gone.length > 0) await startServices(service, number, frozen, gone, output);
  else await pinBridges(run, user, composeNetworks(frozen.text));
  try {
    await new Gate(service, number, frozen.plan.wanted).reach(
      found.map(({ name }) => name),
      "settled",
    );
  } catch (error) {
    if (error instanceof GateError) throw new StepError(`not brought back: ${error.message}`);
    throw error;
  }
}
