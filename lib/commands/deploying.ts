/**
 * Commands that bring a revision to life: `pull`, `build`, `up`, `sync`.
 * @module
 */
import { RemoteError } from "../host/git_remote.ts";
import { about } from "../log.ts";
import type { Output } from "../service/output.ts";
import { begin, build as buildImages, pull as pullImages } from "../service/prepare.ts";
import { deploy } from "../service/deploy.ts";
import { ensureLive, reconcile } from "../service/reconcile.ts";
import { followBranch, inspect } from "../service/follow.ts";
import { describeFreeze, frozen } from "../service/hold.ts";
import { remember } from "../service/state.ts";
import type { Prepared } from "../service/service.ts";
import { StatusError } from "../ssh/status.ts";
import type { Call, Command } from "./command.ts";
import { alone } from "./alone.ts";

/** Exit code of a sync after which the newest revision is not live: it failed before, or somebody holds it back. */
const NOT_LIVE = 70;

/** Pulls the images of the newest revision; what runs is not touched. */
export const pull: Command = {
  name: "pull",
  role: "operate",
  summary: "fetch the newest revision and pull its images",
  args: "",
  arity: [0, 0],
  options: [],
  run: (call) => preparing(call, "pull", pullImages),
};

/** Builds the images of the newest revision; what runs is not touched. */
export const build: Command = {
  name: "build",
  role: "operate",
  summary: "fetch the newest revision and build its images",
  args: "",
  arity: [0, 0],
  options: [],
  run: (call) => preparing(call, "build", buildImages),
};

function preparing(
  call: Call,
  command: string,
  step: (service: Call["service"], prepared: Prepared, output: Output) => Promise<void>,
): Promise<number> {
  return alone(call, command, async (output) => {
    const { service } = call;
    await followBranch(service, call.signal);
    const { prepared } = service;
    const candidate = await inspect(service, service.tip ?? "");
    const fits = prepared?.record.revision === candidate.revision &&
      prepared.candidate.digest === candidate.digest;
    const ready = fits ? prepared : await begin(service, candidate, command, call.actor);
    call.deploys(ready.record.number);
    try {
      await about(
        { service: service.config.name, deployment: ready.record.number },
        () => step(service, ready, output),
      );
      service.prepared = ready;
    } catch (error) {
      service.prepared = undefined;
      service.host.ledger.end(ready.record, "failed", (error as Error).message);
      throw error;
    }
    output.step(`deployment ${ready.record.number} is prepared, up makes it live`);
    return 0;
  });
}

/** Makes the newest revision live, with the images that `pull` and `build` prepared where they did. */
export const up: Command = {
  name: "up",
  role: "operate",
  summary: "make the newest revision live (after down or stop: start it again)",
  args: "",
  arity: [0, 0],
  options: [],
  run: (call) =>
    alone(call, "up", async (output, place) => {
      const { service, actor, deploys } = call;
      const { ledger } = service.host;
      const hold = frozen(service);
      if (hold) throw new StatusError(400, `${describeFreeze(hold)}; unfreeze it first`);
      if (!service.prepared) {
        await followBranch(service, call.signal).catch((error) => {
          if (!(error instanceof RemoteError) || !service.tip) throw error;
          output.step(`${error.message}; going on with what was fetched before`);
        });
      }
      const { stopped, live } = ledger.service(service.config.name);
      await remember(service, { stopped: null });
      try {
        const candidate = await inspect(service, service.tip ?? "");
        const current = ledger.deployment(service.config.name, live)?.digest === candidate.digest;
        const report = current && !service.prepared
          ? await ensureLive(service, output, stopped === null)
          : await deploy(service, candidate, { cause: "up", actor, output, place, deploys });
        service.handled = service.tip;
        service.quarantine = service.trouble = "";
        output.say(report.line);
        return 0;
      } catch (error) {
        // An up that failed has not changed what was wished before it.
        if (ledger.service(service.config.name).live === live) {
          await remember(service, { stopped });
        }
        throw error;
      }
    }),
};

/** A tick at once, that tries again what failed before. */
export const sync: Command = {
  name: "sync",
  role: "operate",
  summary: "look at the repository now and deploy what is new, and wait for the outcome",
  args: "",
  arity: [0, 0],
  options: [
    { name: "retry", summary: "try a revision again that failed before" },
    {
      name: "wait",
      summary: "fail (70) unless the newest revision is live in the end, or its checkout follows",
    },
  ],
  run: (call) =>
    alone(call, "sync", async (output, place) => {
      const { service, actor, signal, deploys } = call;
      const report = await reconcile(service, {
        cause: "sync",
        actor,
        output,
        place,
        retry: call.options.has("retry"),
        signal,
        deploys,
      });
      service.trouble = report.result === "quarantined" ? report.line : "";
      output.say(report.line);
      const held = ["frozen", "stopped"].includes(report.result) && call.options.has("wait");
      return report.result === "quarantined" || held ? NOT_LIVE : 0;
    }),
};
