/**
 * Tells systemd how pgod is: ready, alive, stopping.
 * @module
 */
import type { Log } from "../log.ts";
import type { Run } from "./process.ts";

/** Sends assignments such as `READY=1`, as sd_notify(3) has them. Never throws: a failure is a log line. */
export type Notify = (...assignments: string[]) => Promise<void>;

/** Talks to `socket` through systemd-notify; without a socket nobody is told anything. */
export function createNotify(run: Run, log: Log, socket: string | undefined): Notify {
  return async (...assignments) => {
    if (socket === undefined) return;
    try {
      const { code, stderr } = await run({
        argv: ["systemd-notify", ...assignments],
        env: { NOTIFY_SOCKET: socket },
        deadline: 10_000,
      });
      if (code !== 0) throw new Error(stderr.trim() || `exit code ${code}`);
    } catch (error) {
      log.warn(
        "pgod.unheard",
        `systemd was not told ${assignments[0]}: ${(error as Error).message}`,
      );
    }
  };
}
