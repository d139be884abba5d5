/**
 * The second half of a deployment: old containers down, new ones up, and back again if that fails.
 * @module
 */
import { composeServices, runFile } from "../compose/run_file.ts";
import { type Container, containers, removeContainers, stopContainers } from "../host/podman.ts";
import { compose } from "../host/podman_compose.ts";
import { readPrivateFile, writeMountedFile, writePrivateFile } from "../host/service_directory.ts";
import type { DeploymentRecord } from "./ledger.ts";
import { judgeMounts, runFilePath } from "./mounts.ts";
import type { Output } from "./output.ts";
import { deploymentOf, StepError } from "./prepare.ts";
import type { Prepared, Service } from "./service.ts";

/** Milliseconds between two looks at new containers. */
const LOOK = 500;

/**
 * Makes a prepared deployment live. When its containers do not come up, the one that was live before
 * is started again from its own run file and images.
 * @throws {StepError} after that, saying what failed and what runs now; the ledger says it too.
 */
export async function switchTo(
  service: Service,
  prepared: Prepared,
  output: Output,
): Promise<void> {
  const { host, config, git } = service;
  const { record } = prepared;
  const before = host.ledger.service(config.name).live;
  await makeReady(service, prepared);
  try {
    await takeDown(service, before, output);
    await bringUp(service, record, output);
    host.ledger.update(config.name, { user: config.user, live: record.number, stopped: null });
    host.ledger.end(record, "live", "");
    await git.keep("live", record.revision);
  } catch (error) {
    const why = (error as Error).message;
    const previous = host.ledger.deployment(config.name, before);
    if (!previous) {
      host.ledger.end(record, "failed", why);
      throw new StepError(`deployment ${record.number} failed: ${why}; nothing ran before it`);
    }
    output.step(`going back to deployment ${previous.number}`);
    const outcome = await goBack(service, record, previous, output);
    host.ledger.end(record, outcome === "" ? "rolled back" : "failed", why);
    const now = outcome === ""
      ? `deployment ${previous.number} runs again`
      : `and going back failed too: ${outcome}`;
    throw new StepError(`deployment ${record.number} failed: ${why}; ${now}`);
  }
}

/**
 * The last steps while the old containers still run: freeze, checkout, mounts judged. When one fails the
 * checkout goes back and nothing is taken down. @throws {StepError} saying so.
 */
async function makeReady(service: Service, prepared: Prepared): Promise<void> {
  const { host, config, paths, git } = service;
  const { record } = prepared;
  const before = host.ledger.service(config.name).checkout;
  try {
    await freeze(service, prepared);
    await git.materialize(record.revision, paths.checkout);
    host.log.info(`Checked out git repo in ${paths.checkout} for "${config.name}"`);
    host.ledger.update(config.name, { checkout: record.revision });
    // bringUp looks again, when nothing of the service can change them any more.
    await judgeMounts(service, record.number);
  } catch (error) {
    const why = (error as Error).message;
    host.ledger.end(record, "failed", why);
    if (before) {
      await git.materialize(before, paths.checkout);
      host.ledger.update(config.name, { checkout: before });
    }
    throw new StepError(`deployment ${record.number} failed: ${why}; what ran before runs on`);
  }
}

/** Writes what a deployment runs from, now and whenever it is gone back to. */
async function freeze(service: Service, { record, candidate }: Prepared): Promise<void> {
  const { host: { run }, user } = service;
  const { text, env, files } = runFile(candidate.model, deploymentOf(service, record));
  for (const { path, text } of files) await writeMountedFile(run, user, path, text);
  await writePrivateFile(run, user, envFilePath(service, record.number), JSON.stringify(env));
  await writePrivateFile(run, user, runFilePath(service, record.number), text);
}

/** Where the values are that the run file of deployment `number` only names. */
function envFilePath(service: Service, number: number): string {
  return `${service.paths.deployments}/${number}.env.json`;
}

async function goBack(
  service: Service,
  failed: DeploymentRecord,
  previous: DeploymentRecord,
  output: Output,
): Promise<string> {
  try {
    await takeDown(service, failed.number, output);
    await service.git.materialize(previous.revision, service.paths.checkout);
    await bringUp(service, previous, output);
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
  const running = await containers(run, user, config.name);
  if (running.length === 0) return;
  output.step(`taking down ${names(running)}`);
  await stopContainers(run, user, running);
  const file = live === null ? undefined : runFilePath(service, live);
  if (file && await readPrivateFile(run, user, file) !== undefined) {
    await compose(
      run,
      user,
      { service: config.name, file, action: "down", env: config.env },
      output,
    );
  }
  const left = await containers(run, user, config.name);
  await removeContainers(run, user, left.map(({ id }) => id));
}

/**
 * Starts a deployment from its run file and watches its containers for a while.
 * @throws {StepError} naming those that do not run.
 */
export async function bringUp(
  service: Service,
  record: DeploymentRecord,
  output: Output,
): Promise<void> {
  const { host, config, user } = service;
  const file = runFilePath(service, record.number);
  await judgeMounts(service, record.number);
  const values = await readPrivateFile(host.run, user, envFilePath(service, record.number));
  const env = JSON.parse(values ?? "{}") as Record<string, string>;
  const wanted = composeServices(await readPrivateFile(host.run, user, file) ?? "");
  output.step(`starting ${wanted.join(", ")}`);
  const call = {
    service: config.name,
    file,
    action: "up",
    env: { ...config.env, ...env },
  } as const;
  const code = await compose(host.run, user, call, output);
  for (let waited = 0;; waited += LOOK) {
    const found = await containers(host.run, user, config.name);
    const missing = wanted.filter((name) =>
      !found.some((container) => isUp(container, name, record))
    );
    if (missing.length > 0) {
      const states = missing.map((name) => {
        const container = found.find(({ composeService }) => composeService === name);
        return `${name} ${
          container ? `is ${container.status.toLowerCase() || container.state}` : "was not started"
        }`;
      });
      throw new StepError(
        `${states.join(", ")}: ${output.lastLine() || `podman-compose exited with ${code}`}`,
      );
    }
    if (waited >= host.settle) return;
    await host.sleep(LOOK);
  }
}

function isUp(container: Container, name: string, record: DeploymentRecord): boolean {
  return container.composeService === name && container.deployment === String(record.number) &&
    (container.state === "running" || (container.state === "exited" && container.exitCode === 0));
}

function names(list: readonly Container[]): string {
  return list.map(({ name }) => name).join(", ");
}
