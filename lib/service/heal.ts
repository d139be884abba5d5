/**
 * What runs against what is wanted: containers that are gone or dead are brought back, the others stay untouched.
 * @module
 */
import { composeNetworks } from "../compose/run_file.ts";
import type { Wanted } from "../compose/start_plan.ts";
import { unmonitored } from "../host/monitors.ts";
import { pinBridges } from "../host/networks.ts";
import { type Container, containers, removeContainers, startContainers } from "../host/podman.ts";
import { about } from "../log.ts";
import { type Frozen, isFrozen, judgeFrozen, readFrozen } from "./frozen.ts";
import { Gate, GateError } from "./gate.ts";
import { halted } from "./hold.ts";
import type { Output } from "./output.ts";
import { StepError } from "./prepare.ts";
import type { Service } from "./service.ts";
import { startServices } from "./start.ts";

/** Milliseconds within which a container that restarts has a monitor again. */
const RESTART = 1_000;

/** One way in which what runs is not what is wanted. */
export interface Drift {
  /** The compose service. */
  name: string;
  /** `gone`, or Podman's words for its container. */
  state: string;
  container: Container | undefined;
}

/**
 * What is missing or dead of deployment `number`; `found` are the service's containers, `lost` the ids of those
 * that Podman calls running although nobody watches over them any more.
 */
export function drift(
  wanted: readonly Wanted[],
  number: number,
  found: readonly Container[],
  lost: ReadonlySet<string> = new Set(),
): Drift[] {
  const own = found.filter(({ deployment }) => deployment === String(number));
  const byService = Map.groupBy(own, ({ composeService }) => composeService);
  return wanted.flatMap(({ name, mayEnd, restarts }): Drift[] => {
    const [container] = byService.get(name) ?? [];
    if (!container) return [{ name, state: "gone", container }];
    const { state, exitCode, status } = container;
    if (lost.has(container.id)) return [{ name, state: "without its monitor", container }];
    if (["running", "paused", "stopping"].includes(state)) return [];
    if (state === "exited" && exitCode === 0 && mayEnd && !restarts) return [];
    return [{ name, state: status.toLowerCase() || state, container }];
  });
}

/**
 * Brings back what drifted of the live deployment. `monitored` are the containers whose monitors run, where that was
 * looked at: as long as they are those of the last time Podman need not be asked. Unless an operator had it stopped
 * (`missed` is false) the log warns of what is lost. Returns what it mended.
 * @throws {StepError} when it does not come back; later ticks try again, with growing pauses.
 */
export async function heal(
  service: Service,
  output: Output,
  monitored?: ReadonlySet<string>,
  missed = true,
): Promise<Drift[]> {
  const { host, config, user } = service;
  const { live } = host.ledger.service(config.name);
  if (live === null || performance.now() < service.healing.next) return [];
  const known = service.running?.deployment === live ? service.running.monitored : undefined;
  if (monitored && known && isSame(known, monitored)) return [];
  if (!await isFrozen(service, live)) return [];
  const frozen = await readFrozen(service, live);
  const present = await containers(host.run, user, config.name);
  const ids = present.filter(({ state }) => state === "running").map(({ id }) => id);
  const watched = monitored !== undefined && ids.every((id) => monitored.has(id));
  const lost = watched ? new Set<string>() : await lostOf(service, ids);
  const held = halted(service);
  const wanted = frozen.plan.wanted.filter(({ name }) => !held.includes(name));
  const found = drift(wanted, live, present, lost);
  service.running = undefined;
  if (found.length === 0) {
    service.healing = { tries: 0, next: 0 };
    if (watched) service.running = { deployment: live, monitored, containers: present };
    return [];
  }
  const tries = service.healing.tries + 1;
  service.healing = { tries, next: performance.now() + Math.min(2 ** tries, 600) * 1000 };
  for (const { name, state } of missed ? found : []) {
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

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && one.isSubsetOf(other);
}

/** Of running containers those without a monitor; looked at twice, since one that restarts has none for a moment. */
async function lostOf({ host, user }: Service, ids: readonly string[]): Promise<Set<string>> {
  const first = await unmonitored(host.run, user, ids);
  if (first.size === 0) return new Set();
  await host.sleep(RESTART);
  const second = await unmonitored(host.run, user, [...first.keys()]);
  return new Set([...first.keys()].filter((id) => second.get(id) === first.get(id)));
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
  // Podman would not start again what it calls running.
  const [lost = [], dead = []] = [true, false].map((running) =>
    found.flatMap(({ container }) =>
      container && (container.state === "running") === running ? [container.id] : []
    )
  );
  await removeContainers(run, user, lost);
  const gone = found.filter(({ container }) => !container || lost.includes(container.id))
    .map(({ name }) => name);
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
