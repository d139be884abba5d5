/**
 * Commands on what is deployed already: `down`, `start`, `stop`, `restart`.
 * @module
 */
import type { Container } from "../host/podman.ts";
import { judgeFrozen, readFrozen } from "../service/frozen.ts";
import type { Output } from "../service/output.ts";
import { ensureLive } from "../service/reconcile.ts";
import { setHalted } from "../service/hold.ts";
import { remember } from "../service/state.ts";
import { takeDown } from "../service/switch.ts";
import { StatusError } from "../ssh/status.ts";
import { alone } from "./alone.ts";
import type { Call, Command } from "./command.ts";
import { pickContainers } from "./pick.ts";

/** Milliseconds `podman stop` and its like may take. */
const DEADLINE = 5 * 60_000;

/** Removes the containers and remembers that they are not wanted; volumes always stay. */
export const down: Command = {
  name: "down",
  role: "operate",
  summary: "remove the containers and keep them away until up or start; volumes stay",
  args: "",
  arity: [0, 0],
  options: [],
  run: (call) =>
    alone(call, "down", async (output) => {
      const { host: { ledger }, config } = call.service;
      await stopFor(call, "down");
      await takeDown(call.service, ledger.service(config.name).live, output);
      output.say(`"${config.name}" is down`);
      return 0;
    }),
};

/** Stops containers; all of them: the service stays stopped. */
export const stop: Command = {
  name: "stop",
  role: "operate",
  summary: "stop containers until start or up; without a SERVICE all",
  args: "[SERVICE…]",
  arity: [0, 100],
  options: [],
  run: (call) =>
    alone(call, "stop", async (output) => {
      const picked = await pickContainers(call);
      if (call.args.length === 0) await stopFor(call, "stop");
      else await setHalted(call.service, call.args, true);
      return await podman(call, output, "stop", picked);
    }),
};

/** Starts stopped containers, from the live deployment where they are gone. */
export const start: Command = {
  name: "start",
  role: "operate",
  summary: "start stopped containers; without a SERVICE all of them",
  args: "[SERVICE…]",
  arity: [0, 100],
  options: [],
  run: (call) =>
    alone(call, "start", async (output) => {
      const { service, args } = call;
      const { ledger } = service.host;
      if (args.length > 0) {
        await judgeLive(call);
        await setHalted(service, args, false);
        return await podman(call, output, "start", await pickContainers(call));
      }
      const { stopped, live } = ledger.service(service.config.name);
      if (live === null) {
        throw new StatusError(400, `nothing is deployed of "${service.config.name}", try up`);
      }
      const { halted } = ledger.service(service.config.name);
      await remember(service, { stopped: null, halted: "[]" });
      try {
        const report = await ensureLive(service, output, stopped === null && halted === "[]");
        output.say(report.line);
        return 0;
      } catch (error) {
        await remember(service, { stopped, halted });
        throw error;
      }
    }),
};

/** Stops and starts containers, without making them anew. */
export const restart: Command = {
  name: "restart",
  role: "operate",
  summary: "restart containers; without a SERVICE all",
  args: "[SERVICE…]",
  arity: [0, 100],
  options: [],
  run: (call) =>
    alone(call, "restart", async (output) => {
      const picked = await pickContainers(call);
      await judgeLive(call);
      await setHalted(call.service, picked.map(({ composeService }) => composeService), false);
      return await podman(call, output, "restart", picked);
    }),
};

/** What is started again is judged again: a container may have made a link of what it mounts. */
async function judgeLive({ service }: Call): Promise<void> {
  const { live } = service.host.ledger.service(service.config.name);
  if (live === null) return;
  await judgeFrozen(service, live, (await readFrozen(service, live)).text);
}

async function stopFor({ service, actor }: Call, command: string): Promise<void> {
  const stopped = `by ${actor} with ${command} at ${new Date().toISOString()}`;
  await remember(service, { stopped });
}

/** Runs one podman command on containers, each with its own time to end; a code that is not 0 is a failure. */
async function podman(
  call: Call,
  output: Output,
  action: "start" | "stop" | "restart",
  picked: Container[],
): Promise<number> {
  const { service: { host, user } } = call;
  const groups = Map.groupBy(
    picked,
    ({ stopSeconds }) => action === "start" ? undefined : stopSeconds,
  );
  const codes = await Promise.all([...groups].map(async ([seconds, group]) => {
    const wait = seconds === undefined ? [] : ["-t", String(seconds)];
    // Not ended with the client: half of the containers restarted is what nobody wants.
    const argv = ["podman", action, ...wait, ...group.map(({ id }) => id)] as const;
    const deadline = DEADLINE + (seconds ?? 0) * 1000;
    return (await host.run({ argv, user, stdout: () => {}, stderr: output.stderr, deadline })).code;
  }));
  const code = codes.find((code) => code !== 0);
  if (code !== undefined) throw new StatusError(500, `podman ${action} exited with ${code}`);
  for (const { name } of picked) output.say(name);
  return 0;
}
