/**
 * The second half of a deployment: old containers down, new ones up, and back again if that fails.
 * @module
 */
import type { Wanted } from "../compose/start_plan.ts";
import { type Container, containers, removeContainers, stopContainers } from "../host/podman.ts";
import { compose } from "../host/podman_compose.ts";
import { checkOut, meetsWriters } from "./checkout.ts";
import { freeze, isReadable, judgeFrozen, readFrozen, runFilePath } from "./frozen.ts";
import { recorded } from "./deployment.ts";
import type { DeploymentRecord } from "./ledger.ts";
import type { Output } from "./output.ts";
import { StepError } from "./prepare.ts";
import { freeRoom, reserveRoom } from "./reserve.ts";
import { readyResources } from "./resources.ts";
import { remember } from "./state.ts";
import type { Prepared, Service } from "./service.ts";
import { bringUp, freePorts, portKey } from "./start.ts";

/** Everything of a deployment runs when it becomes live. */
const UNHELD = { stopped: null, halted: "[]" };

/**
 * Makes a prepared deployment live. When its containers do not come up, the one that was live before
 * is started again from its own run file and images. `started` is called when all that is left is watching.
 * @throws {StepError} after that, saying what failed and what runs now; the ledger says it too.
 */
export async function switchTo(
  service: Service,
  prepared: Prepared,
  output: Output,
  started: () => void = () => {},
): Promise<void> {
  const { host, config, git } = service;
  const { record } = prepared;
  const before = host.ledger.service(config.name).live;
  const late = await makeReady(service, prepared);
  try {
    await takeDown(service, before, output);
    if (late) await checkOut(service, record.revision);
    await bringUp(service, record, output, started);
    await freeRoom(service);
    await remember(service, { user: config.user, live: record.number, ...UNHELD });
    host.ledger.end(record, "live", "");
    await git.keep(`deployment-${record.number}`, record.revision);
  } catch (error) {
    const why = (error as Error).message;
    await freeRoom(service);
    const previous = host.ledger.deployment(config.name, before);
    if (!previous) {
      recorded(service, record, () => host.ledger.end(record, "failed", why));
      throw new StepError(`deployment ${record.number} failed: ${why}; nothing ran before it`);
    }
    output.step(`going back to deployment ${previous.number}`);
    const outcome = await goBack(service, record, previous, output);
    recorded(
      service,
      record,
      () => host.ledger.end(record, outcome === "" ? "rolled back" : "failed", why),
    );
    const now = outcome === ""
      ? `deployment ${previous.number} runs again`
      : `and going back failed too: ${outcome}`;
    throw new StepError(`deployment ${record.number} failed: ${why}; ${now}`);
  }
}

/**
 * The last steps while the old containers still run: freeze, checkout, mounts and ports judged. When one fails the
 * checkout goes back and nothing is taken down. Returns whether the checkout has to wait until they are down.
 * @throws {StepError} saying so.
 */
async function makeReady(service: Service, prepared: Prepared): Promise<boolean> {
  const { host, config, paths } = service;
  const { record } = prepared;
  const before = host.ledger.service(config.name).checkout;
  try {
    await freeze(service, prepared);
    const late = await meetsWriters(service, record.revision);
    if (!late) {
      await checkOut(service, record.revision);
      host.log.info(
        "checkout.moved",
        `Checked out git repo in ${paths.checkout} for "${config.name}"`,
        { service: config.name, path: paths.checkout, revision: record.revision },
      );
    }
    const { text, plan } = await readFrozen(service, record.number);
    await judgeFrozen(service, record.number, text);
    await readyResources(service, text);
    await freePorts(service, await newPorts(service, plan.wanted));
    await reserveRoom(service);
    return late;
  } catch (error) {
    const why = (error as Error).message;
    const moved = host.ledger.service(config.name).checkout !== before;
    if (before && moved) await checkOut(service, before);
    recorded(service, record, () => host.ledger.end(record, "failed", why));
    const now = host.ledger.service(config.name).live === null
      ? "nothing ran before it"
      : "what ran before runs on";
    throw new StepError(`deployment ${record.number} failed: ${why}; ${now}`);
  }
}

/** What is wanted, with only those ports that the live deployment does not publish itself. */
async function newPorts(service: Service, wanted: readonly Wanted[]): Promise<Wanted[]> {
  const { live } = service.host.ledger.service(service.config.name);
  const now = live === null ? undefined : await readFrozen(service, live).catch(() => undefined);
  const held = new Set(
    (now?.plan.wanted ?? []).flatMap(({ published }) => published).map(portKey),
  );
  return wanted.map((one) => ({
    ...one,
    published: one.published.filter((port) => !held.has(portKey(port))),
  }));
}

/**
 * Makes an earlier deployment live again. When it does not come up, the one that was live is started again.
 * @throws {StepError} after that.
 */
export async function goBackTo(
  service: Service,
  target: DeploymentRecord,
  output: Output,
): Promise<void> {
  const { host: { ledger }, config } = service;
  const { live } = ledger.service(config.name);
  const current = ledger.deployment(config.name, live);
  try {
    await takeDown(service, live, output);
    await checkOut(service, target.revision);
    await bringUp(service, target, output);
    await remember(service, { live: target.number, checkout: target.revision, ...UNHELD });
  } catch (error) {
    const why = (error as Error).message;
    const outcome = current ? await goBack(service, target, current, output) : "nothing ran before";
    throw new StepError(
      `going back to deployment ${target.number} failed: ${why}; ${
        outcome === "" ? `deployment ${live} runs again` : `and so did the way back: ${outcome}`
      }`,
    );
  }
}

async function goBack(
  service: Service,
  failed: DeploymentRecord,
  previous: DeploymentRecord,
  output: Output,
): Promise<string> {
  try {
    await takeDown(service, failed.number, output);
    await checkOut(service, previous.revision);
    await bringUp(service, previous, output);
    await remember(service, { live: previous.number });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Ends all containers of the service, by the run file they were started from where there is one.
 * Volumes stay. @throws {StepError} when some are left.
 */
export async function takeDown(
  service: Service,
  live: number | null,
  output: Output,
): Promise<void> {
  const { host: { run }, config, user } = service;
  service.running = undefined;
  const running = await containers(run, user, config.name);
  if (running.length === 0) return;
  output.step(`taking down ${names(running)}`);
  await stopContainers(run, user, running);
  if (live !== null && await isReadable(service, live)) {
    await compose(
      run,
      user,
      { service: config.name, file: runFilePath(service, live), action: "down", env: service.env },
      output,
    );
  }
  const left = await containers(run, user, config.name);
  await removeContainers(run, user, left.map(({ id }) => id));
}

function names(list: readonly Container[]): string {
  return list.map(({ name }) => name).join(", ");
}
