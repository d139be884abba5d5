/**
 * What nobody waited for must not end pgod, which would be an outage for every service.
 * @module
 */
import type { Log } from "./log.ts";

/** Logs what nothing else caught, a promise's rejection or an error, and lets pgod go on. */
export function surviveUnhandled(log: Log, target: EventTarget = globalThis): void {
  const tell = (what: unknown) => {
    const error = what instanceof Error ? what : new Error(String(what));
    const [, place = ""] = /^\s+at (.*)/m.exec(error.stack ?? "") ?? [];
    const [line] = error.message.split("\n");
    log.error(
      "pgod.unhandled",
      `a fault of pgod's own, which goes on; please report it: ${error.name}: ${line}${
        place ? ` at ${place}` : ""
      }`,
    );
  };
  target.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    tell((event as PromiseRejectionEvent).reason);
  });
  target.addEventListener("error", (event) => {
    event.preventDefault();
    const { error, message } = event as ErrorEvent;
    tell(error ?? message);
  });
}
