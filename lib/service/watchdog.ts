/**
 * Signs of life for systemd's watchdog, for as long as the loops that follow branches really move.
 * @module
 */
import type { Sleep } from "../host/clock.ts";
import type { Notify } from "../host/notify.ts";
import type { Log } from "../log.ts";
import type { Fleet } from "./fleet.ts";

/** Milliseconds between two signs; the unit's `WatchdogSec` is three times that. */
export const SIGN = 60_000;

/** Gives signs until `signal` aborts. While a service's loop is overdue there are none, and systemd starts pgod anew. */
export async function giveSigns(
  fleet: Pick<Fleet, "overdue">,
  { notify, log, sleep }: { notify: Notify; log: Log; sleep: Sleep },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const late = fleet.overdue();
    if (late.length === 0) await notify("WATCHDOG=1");
    else {
      log.error("pgod.stuck", `The ticks of ${late.join(", ")} do not come any more`, {
        count: late.length,
      });
    }
    await sleep(SIGN, signal);
  }
}
