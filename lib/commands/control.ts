/**
 * An operator's wishes that win over Git: `freeze`, `unfreeze`, `rollback`.
 * @module
 */
import { parseDuration } from "../config/flags.ts";
import { describeFreeze, frozen, setFreeze } from "../service/hold.ts";
import { rollback as rollBack } from "../service/rollback.ts";
import { StatusError } from "../ssh/status.ts";
import { visible } from "../visible.ts";
import { alone } from "./alone.ts";
import { type Call, type Command, value } from "./command.ts";

/** Hours a freeze may last that ends by itself. */
const LONGEST = 365 * 24;

/** New revisions are followed, but not deployed. */
export const freeze: Command = {
  name: "freeze",
  role: "operate",
  summary: "deploy nothing new until unfreeze; the branch is followed, what runs is kept running",
  args: "",
  arity: [0, 0],
  options: [
    { name: "reason", value: "TEXT", summary: "why, for status", pattern: /^[^]{1,200}$/ },
    { name: "for", value: "TIME", summary: "end it after that: 2h", pattern: /^\w+$/ },
  ],
  async run(call) {
    const reason = value(call, "reason") ?? "";
    // Others read it in terminals of their own.
    if (visible(reason) !== reason) {
      throw new StatusError(
        400,
        `--reason takes one line without control characters, not ${visible(reason)}`,
      );
    }
    return await alone(call, "freeze", async (output) => {
      const hold = {
        actor: call.actor,
        since: new Date().toISOString(),
        reason,
        until: end(call),
      };
      await setFreeze(call.service, hold);
      output.say(describeFreeze(hold));
      return 0;
    });
  },
};

/** Lets the branch go on. */
export const unfreeze: Command = {
  name: "unfreeze",
  role: "operate",
  summary: "let new revisions be deployed again, from the next tick or sync on",
  args: "",
  arity: [0, 0],
  options: [],
  run: (call) =>
    alone(call, "unfreeze", async (output) => {
      const hold = frozen(call.service);
      await setFreeze(call.service, null);
      call.service.handled = undefined;
      output.say(hold ? "unfrozen" : "it was not frozen");
      return 0;
    }),
};

/** Back to a deployment that was good. */
export const rollback: Command = {
  name: "rollback",
  role: "operate",
  summary: "make the last good deployment, or that of a revision, live again, and freeze",
  args: "[REV]",
  arity: [0, 1],
  options: [],
  run(call) {
    const { service, actor, signal, deploys, args: [revision] } = call;
    let before: number | null | undefined;
    return alone(call, "rollback", async (output, place) => {
      const { live } = service.host.ledger.service(service.config.name);
      // It may have waited for its turn: what it was to go back from is another one now.
      if (before !== undefined && live !== before) {
        throw new StatusError(500, `deployment ${live} became live first: nothing was done`);
      }
      before = live;
      const request = { cause: "rollback", actor, output, place, signal, deploys };
      const { line } = await rollBack(service, revision, request);
      output.say(line);
      return 0;
    });
  },
};

function end(call: Call): string | null {
  const length = value(call, "for");
  if (length === undefined) return null;
  try {
    return new Date(Date.now() + parseDuration(length, LONGEST)).toISOString();
  } catch (error) {
    throw new StatusError(400, `--for: ${(error as Error).message}`);
  }
}
