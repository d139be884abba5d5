/**
 * Commands that change something: one at a time in each service.
 * @module
 */
import { WaitsForTurn } from "../service/deploy.ts";
import { BusyError } from "../service/lock.ts";
import { type Output, serviceOutput } from "../service/output.ts";
import { failureLines } from "../service/service.ts";
import type { Place } from "../service/turns.ts";
import { StatusError } from "../ssh/status.ts";
import type { Call } from "./command.ts";

/** Milliseconds a command waits for another one. */
const PATIENCE = 10 * 60_000;

/**
 * Runs `work` while nobody else changes the service; says for whom it waits. When `work` needs a turn to deploy, it is
 * begun anew once `place` has one; until then others may change the service, and who stops or freezes it wins.
 * @throws {StatusError} 500 with everything that went wrong, a line each.
 */
export async function alone(
  call: Call,
  command: string,
  work: (output: Output, place: Place) => Promise<number>,
): Promise<number> {
  const output = serviceOutput(call.service, call.stdout, call.stderr, call.signal);
  const waiting = (holder: string) => output.step(`waiting for "${holder}" to end`);
  const { host: { ledger, turns }, config } = call.service;
  const live = () => ledger.service(config.name).live;
  const before = live();
  const holds = () => {
    const { stopped, frozen } = ledger.service(config.name);
    return { stopped, frozen };
  };
  const place = turns.place(config);
  let held: ReturnType<typeof holds> | undefined;
  let told = "";
  const record = (trouble: string) =>
    ledger.act({
      service: config.name,
      at: new Date().toISOString(),
      actor: call.actor,
      command: [command, ...call.args].join(" ").slice(0, 500),
      before,
      after: live(),
      trouble,
    });
  const attempt = async (): Promise<number | undefined> => {
    if (call.service.parting) {
      throw new StatusError(500, "the config was read again before it was done, try again");
    }
    const now = holds();
    if (held && (held.stopped !== now.stopped || held.frozen !== now.frozen)) {
      const between = `stopped, frozen or let go while ${command} waited`;
      throw new StatusError(500, `${between}: nothing was done`);
    }
    held = now;
    try {
      return await work(output, place);
    } catch (error) {
      if (!(error instanceof WaitsForTurn)) throw error;
      if (told !== error.message) output.step(told = error.message);
      return undefined;
    }
  };
  try {
    const hold = () =>
      call.service.lock.hold(`${command} by ${call.actor}`, attempt, {
        patience: PATIENCE,
        signal: call.signal,
        waiting,
      });
    let code = await hold();
    for (; code === undefined; code = await hold()) {
      await turnOf(place, call.signal);
    }
    record(code === 0 ? "" : `exit code ${code}`);
    await output.caughtUp();
    return code;
  } catch (error) {
    record(failureLines(error).join("; "));
    await output.caughtUp();
    if (error instanceof StatusError) throw error;
    if (error instanceof BusyError) throw new StatusError(500, error.message);
    throw new StatusError(500, failureLines(error).join("\n"));
  } finally {
    place.leave();
  }
}

/** Resolves when `place` may have its turn. @throws {StatusError} when the client leaves before. */
async function turnOf(place: Place, signal: AbortSignal): Promise<void> {
  const leave = () => place.leave();
  signal.addEventListener("abort", leave);
  if (!signal.aborted) await place.turn;
  signal.removeEventListener("abort", leave);
  if (signal.aborted) throw new StatusError(500, "left while it waited: nothing was done");
}
