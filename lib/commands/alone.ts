/**
 * Commands that change something: one at a time in each service.
 * @module
 */
import { BusyError } from "../service/lock.ts";
import { type Output, serviceOutput } from "../service/output.ts";
import { failureLines } from "../service/service.ts";
import { StatusError } from "../ssh/status.ts";
import type { Call } from "./command.ts";

/** Milliseconds a command waits for another one. */
const PATIENCE = 10 * 60_000;

/**
 * Runs `work` while nobody else changes the service; says for whom it waits.
 * @throws {StatusError} 500 with everything that went wrong, a line each.
 */
export async function alone(
  call: Call,
  command: string,
  work: (output: Output) => Promise<number>,
): Promise<number> {
  const output = serviceOutput(call.service, call.stdout, call.stderr, call.signal);
  const waiting = (holder: string) => output.step(`waiting for "${holder}" to end`);
  const { host: { ledger }, config } = call.service;
  const live = () => ledger.service(config.name).live;
  const before = live();
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
  try {
    const code = await call.service.lock.hold(`${command} by ${call.actor}`, () => work(output), {
      patience: PATIENCE,
      signal: call.signal,
      waiting,
    });
    record(code === 0 ? "" : `exit code ${code}`);
    await output.caughtUp();
    return code;
  } catch (error) {
    record(failureLines(error).join("; "));
    await output.caughtUp();
    if (error instanceof StatusError) throw error;
    if (error instanceof BusyError) throw new StatusError(500, error.message);
    throw new StatusError(500, failureLines(error).join("\n"));
  }
}
