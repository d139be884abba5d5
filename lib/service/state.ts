/**
 * What a service is and is wished to be, kept twice: in the ledger, and in a file beside the run files, so that
 * a ledger that is lost or broken changes nothing that runs or is held.
 * @module
 */
import type { StartPlan } from "../compose/start_plan.ts";
import type { User } from "../host/as_user.ts";
import { containers } from "../host/podman.ts";
import type { Run } from "../host/process.ts";
import {
  FileTooLarge,
  readPrivateFile,
  type ServiceDirectory,
  writePrivateFile,
} from "../host/service_directory.ts";
import { isFrozen, recordedStart } from "./frozen.ts";
import type { ServiceRecord } from "./ledger.ts";
import type { Service } from "./service.ts";
import { parseState, type State } from "./state_file.ts";

/** Writes what changed, to both. */
export async function remember(
  service: Service,
  change: Partial<Omit<ServiceRecord, "name">>,
): Promise<void> {
  const { host: { ledger, run }, config, user } = service;
  ledger.update(config.name, change);
  const { live, checkout, stopped, halted, frozen } = ledger.service(config.name);
  const record = ledger.deployment(config.name, live);
  const state: State = {
    live: record
      ? { number: record.number, revision: record.revision, digest: record.digest }
      : null,
    checkout,
    stopped,
    halted,
    frozen,
  };
  await writePrivateFile(run, user, path(service), JSON.stringify(state));
}

/** Brings back what the file knows and the ledger does not; without both, what the containers say. */
export async function recall(service: Service): Promise<void> {
  const { host: { ledger, run, log }, config, user } = service;
  const text = await readState(run, user, service);
  const known = ledger.service(config.name);
  if (ledger.deployment(config.name, known.live)) return;
  const read = text === undefined ? undefined : parseState(text);
  if (text !== undefined && !read) {
    log.warn("state.unreadable", `${path(service)} is not what pgod wrote, and is ignored`, {
      service: config.name,
      path: path(service),
    });
  }
  const state = read ?? await fromContainers(service);
  if (!state) return;
  const { live, checkout, stopped, halted, frozen } = state;
  if (live) {
    const now = new Date().toISOString();
    ledger.adopt({
      service: config.name,
      ...live,
      cause: "adopted",
      actor: "pgod",
      started: now,
      ended: now,
      outcome: "live",
      detail: "the ledger did not know it",
      steps: "",
      output: "",
    });
    log.warn(
      "deployment.adopted",
      `deployment ${live.number} is taken over, the ledger did not know it`,
      { service: config.name, deployment: live.number, revision: live.revision },
    );
  }
  ledger.update(config.name, { live: live?.number ?? null, checkout, stopped, halted, frozen });
}

async function fromContainers(service: Service): Promise<State | undefined> {
  const { host: { run }, config, user } = service;
  const found = await containers(run, user, config.name);
  const numbers = [...new Set(found.map(({ deployment }) => deployment))];
  const [first] = found;
  // Containers of another pgod with a service of that name are nothing to go on with.
  if (numbers.length !== 1 || !first?.deployment) return undefined;
  if (!await isFrozen(service, Number(first.deployment))) return undefined;
  // Without its digest it is deployed anew, once: nobody knows what it depended on.
  const live = { number: Number(first.deployment), revision: first.revision, digest: "" };
  return { live, checkout: null, stopped: null, halted: "[]", frozen: null };
}

/**
 * How the live deployment of the service with these paths is started, from its files alone, for whoever has no
 * ledger at hand; undefined where none is live.
 */
export async function recordedPlan(
  run: Run,
  user: User,
  paths: ServiceDirectory,
): Promise<StartPlan | undefined> {
  const text = await readState(run, user, { paths });
  const live = text === undefined ? undefined : parseState(text)?.live;
  return live
    ? await recordedStart(run, user, `${paths.deployments}/${live.number}`) ?? undefined
    : undefined;
}

/** The text of the state file; `""`, which is no state, where it is too large to be one. */
async function readState(
  run: Run,
  user: User,
  at: Pick<Service, "paths">,
): Promise<string | undefined> {
  try {
    return await readPrivateFile(run, user, path(at));
  } catch (error) {
    if (error instanceof FileTooLarge) return "";
    throw error;
  }
}

function path({ paths }: Pick<Service, "paths">): string {
  return `${paths.deployments}/state.json`;
}
