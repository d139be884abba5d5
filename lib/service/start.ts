/**
 * From a run file to containers that are well: in the order they depend on each other, behind free ports.
 * @module
 */
import { composeNetworks } from "../compose/run_file.ts";
import type { Wanted } from "../compose/start_plan.ts";
import { endOrphans, type Listener, listeners } from "../host/listeners.ts";
import { pinBridges } from "../host/networks.ts";
import { accountName } from "../host/users.ts";
import { containers } from "../host/podman.ts";
import { compose } from "../host/podman_compose.ts";
import { type Frozen, judgeFrozen, readFrozen, runFilePath } from "./frozen.ts";
import { Gate, GateError } from "./gate.ts";
import type { DeploymentRecord } from "./ledger.ts";
import type { Output } from "./output.ts";
import { StepError } from "./prepare.ts";
import { readyResources } from "./resources.ts";
import type { Service } from "./service.ts";

/**
 * Starts a deployment from its run file and watches until its containers are well; `started` is called when all run.
 * @throws {StepError} naming what is not.
 */
export async function bringUp(
  service: Service,
  record: Pick<DeploymentRecord, "number">,
  output: Output,
  started: () => void = () => {},
): Promise<void> {
  const { number } = record;
  if (service.parting === "removed") throw new StepError("the config does not name it any more");
  const frozen = await readFrozen(service, number);
  await judgeFrozen(service, number, frozen.text);
  await readyResources(service, frozen.text);
  await freePorts(service, frozen.plan.wanted);
  const gate = new Gate(service, number, frozen.plan.wanted, output.step);
  try {
    for (const { services, first } of frozen.plan.groups) {
      for (const { service: name, condition } of first) {
        output.step(
          `waiting until ${name} is ${condition.replace(/^service_/, "").replaceAll("_", " ")}`,
        );
        await gate.reach([name], condition);
      }
      await startServices(service, number, frozen, services, output);
      await gate.reach(services, "started");
    }
    started();
    await gate.reach(frozen.plan.wanted.map(({ name }) => name), "settled");
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    // Its container is about to be removed, and what it said with it.
    const last = await lastWords(service, number, error.composeService, output);
    throw new StepError(last ? `${error.message}: ${last}` : error.message);
  }
}

/** Copies the end of what a container printed to the output; returns its last line. */
async function lastWords(
  { host: { run }, user, config }: Service,
  number: number,
  name: string,
  output: Output,
): Promise<string> {
  const found = (await containers(run, user, config.name)).find(({ composeService, deployment }) =>
    composeService === name && deployment === String(number)
  );
  if (!found) return output.lastLine();
  output.step(`the last lines of ${found.name}:`);
  const { stdout, stderr } = await run({
    argv: ["podman", "logs", "--tail", "20", found.id],
    user,
  });
  const said = (stdout + stderr).trimEnd();
  if (said !== "") await output.stderr(new TextEncoder().encode(`${said}\n`));
  return said.split("\n").at(-1)?.trim().slice(0, 200) ?? "";
}

/** Has podman-compose start some services of a deployment; the others stay as they are. */
export async function startServices(
  service: Service,
  number: number,
  { text, env, plan }: Frozen,
  services: readonly string[],
  output: Output,
): Promise<void> {
  const { host, config, user } = service;
  service.running = undefined;
  output.step(`starting ${services.join(", ")}`);
  await compose(host.run, user, {
    service: config.name,
    file: runFilePath(service, number),
    action: "up",
    services: services.length === plan.wanted.length ? [] : services,
    env: { ...service.env, ...env },
  }, output);
  await pinBridges(host.run, user, composeNetworks(text));
}

/**
 * Makes sure that nobody holds the ports that are to be published. What an interrupted start of this user's
 * left behind is ended. @throws {StepError} naming the port, the program and its user.
 */
export async function freePorts(service: Service, wanted: readonly Wanted[]): Promise<void> {
  const { host: { run }, user } = service;
  const published = wanted.flatMap(({ published }) => published);
  const ports = published.map(({ port }) => ({ from: port, to: port }));
  const keys = new Set(published.map(portKey));
  const holder = async () => (await listeners(run, ports)).find((one) => keys.has(portKey(one)));
  let found = await holder();
  if (found?.uid === user.uid && await endOrphans(run, user)) found = await holder();
  if (!found) return;
  throw new StepError(`host port ${found.port} is held by ${await describe(service, found)}`);
}

/** `5005/tcp`. */
export const portKey = ({ port, protocol }: Pick<Listener, "port" | "protocol">) =>
  `${port}/${protocol}`;

async function describe(
  { host: { run } }: Service,
  { program, pid, uid }: Listener,
): Promise<string> {
  const process = program ? `${program} (process ${pid})` : "a process that pgod may not see";
  return `${process} of user ${await accountName(run, uid)}`;
}
