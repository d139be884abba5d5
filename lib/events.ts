/**
 * The vocabulary of the log: every event pgod tells of, and how loud it is. `docs/events.md` is made
 * from it, and no line can be logged that it does not know.
 * @module
 */

import type { Field, FIELDS } from "./event_fields.ts";

/** How loud an event is. */
export type Level = "debug" | "info" | "warn" | "error";

function event<
  const Loud extends Level,
  const Needed extends readonly Field[] = [],
  const Possible extends readonly Field[] = [],
>(level: Loud, meaning: string, fields?: Needed, optional?: Possible) {
  return { level, meaning, fields: fields ?? [], optional: optional ?? [] } as {
    level: Loud;
    meaning: string;
    fields: Needed;
    optional: Possible;
  };
}

/** Every event there is. */
export const EVENTS = {
  "pgod.listening": event("info", "pgod is up and takes connections", ["address"]),
  "pgod.stopping": event("info", "a signal ends pgod; containers go on running", ["signal"]),
  "pgod.waiting": event("info", "pgod waits for services that are busy before it stops", ["count"]),
  "pgod.stuck": event("error", "ticks stay away: systemd gets no sign of life and restarts pgod", [
    "count",
  ]),
  "pgod.unheard": event("warn", "systemd could not be told how pgod is"),
  "pgod.failed": event("error", "pgod could not start, or cannot go on"),
  "pgod.unhandled": event(
    "error",
    "a fault of pgod's own that nothing else caught; pgod goes on, and it is worth a report",
  ),
  "log.trouble": event("error", "the log itself could not be written as it should be"),
  "config.read": event("info", "the config was read again and is in force", ["count"]),
  "config.wrong": event("error", "one thing that is wrong with the config"),
  "config.refused": event("error", "the config is wrong as a whole; the old one stays in force"),
  "config.open": event("warn", "the config holds secrets and every user of the host may read it"),
  "config.empty": event("warn", "the config names no service: nothing is taken down", ["count"]),
  "proxy.written": event("info", "the proxy has read what the urls say", ["proxy", "path"]),
  "proxy.trouble": event(
    "error",
    "the urls did not reach the proxy, which goes on with the old ones; said once until it changes",
    ["proxy", "path"],
  ),
  "ledger.renewed": event("error", "the ledger could not be read and was begun anew", ["path"]),
  "state.unreadable": event(
    "warn",
    "a service's state file is not what pgod wrote, and counts as missing",
    ["service", "path"],
  ),
  "deployment.unreadable": event(
    "warn",
    "how a deployment is started is not what pgod wrote: order, checks and ports count as unknown",
    ["service", "deployment"],
  ),
  "service.taken_up": event("info", "a service of the config is looked after from now on", [
    "service",
    "repository",
  ]),
  "service.followed": event("info", "its branch is followed from now on", ["service"]),
  "service.current": event("info", "nothing is to be done", ["service"]),
  "service.waiting": event(
    "info",
    "a deployment is due and waits for its turn; the service is free meanwhile",
    ["service"],
  ),
  "service.frozen": event("info", "it is frozen: nothing new is deployed", ["service"]),
  "service.stopped": event("info", "an operator stopped it: it stays down", ["service"]),
  "service.started": event("info", "what was live before runs again", ["service"]),
  "service.healed": event("info", "containers that were gone or dead run again", ["service"]),
  "service.quarantined": event(
    "warn",
    "the tip failed before: it waits for a push or sync --retry",
    [
      "service",
    ],
  ),
  "service.trouble": event(
    "error",
    "a look at the branch came to nothing; said once until it changes",
    [
      "service",
    ],
    ["tip"],
  ),
  "service.well": event("info", "what was wrong with it is over", ["service"]),
  "service.removed": event("info", "no longer wanted as this user, and taken down", [
    "service",
    "user",
  ]),
  "service.stays": event("error", "no longer wanted, but it could not be taken down", [
    "service",
    "user",
  ]),
  "service.swept": event(
    "info",
    "files of a service not wanted for long were removed, data stays",
    [
      "service",
      "since",
    ],
  ),
  "service.unswept": event("error", "files of a service not wanted for long were not removed", [
    "service",
  ]),
  "candidate.refused": event("error", "one finding for which a revision is not deployed", [
    "service",
  ], ["tip"]),
  "admins.skipped": event("error", "a line in the file of admins' keys that is no key"),
  "keys.dangerous": event("error", "what must never be in ssh/: a private key", [
    "service",
    "path",
    "revision",
  ]),
  "keys.skipped": event("warn", "a file or a line in ssh/ that is no key", [
    "service",
    "path",
    "revision",
  ]),
  "keys.too_many": event("error", "more files in ssh/ than are read", ["service", "revision"]),
  "keys.none": event("warn", "no public key in ssh/: nobody can operate the service", [
    "service",
    "revision",
  ]),
  "checkout.moved": event("info", "the checkout holds another revision now", [
    "service",
    "path",
    "revision",
  ]),
  "checkout.stays": event("info", "the checkout waits: containers may write what changed", [
    "service",
    "revision",
  ]),
  "deployment.started": event("info", "a revision is being deployed", [
    "service",
    "deployment",
    "revision",
    "cause",
  ], ["actor"]),
  "deployment.live": event("info", "its containers run and are well", [
    "service",
    "deployment",
    "revision",
  ]),
  "deployment.failed": event(
    "error",
    "it is not live; what ran before runs on, or the text says why not",
    [
      "service",
      "deployment",
      "revision",
    ],
  ),
  "deployment.rolled_back": event("error", "it did not come up, and the one before runs again", [
    "service",
    "deployment",
    "revision",
  ]),
  "deployment.unrecorded": event("error", "its end could not be written to the ledger", [
    "service",
    "deployment",
  ]),
  "deployment.adopted": event("warn", "it runs, but the ledger did not know it", [
    "service",
    "deployment",
    "revision",
  ]),
  "container.lost": event("warn", "a container is gone or dead, and is brought back", [
    "service",
    "deployment",
    "compose_service",
    "state",
  ]),
  "network.removed": event("info", "a shared network that no service of its user lists any more", [
    "network",
    "user",
  ]),
  "images.kept": event("debug", "old images are still in use", ["service"]),
  "files.kept": event("warn", "what is old was not removed", ["service"]),
  "program.started": event("debug", "a program is run", [], ["user"]),
  "program.printed": event("debug", "a line that a deployment's program printed", ["service"]),
  "ssh.login": event("info", "somebody proved to have a key that may do something here", [
    "remote",
    "login",
    "key",
  ], ["comment"]),
  "ssh.refused": event("info", "a key, or another way to log in, that is not accepted", [
    "remote",
    "login",
    "reason",
  ], ["key", "comment"]),
  "ssh.command": event(
    "info",
    "a command ended, or was refused",
    ["remote", "login", "key", "status", "received", "sent", "ms"],
    ["service", "command", "args", "role", "comment", "deployment", "error", "gone"],
  ),
  "ssh.ended": event("info", "pgod ended a connection, or refused it more sessions", ["remote"]),
  "ssh.crowd": event("warn", "too many connections that have not logged in; said once a minute", [
    "count",
  ]),
  "ssh.failed": event("error", "a command failed where it must not", ["remote"], ["service"]),
  "ssh.signal": event("warn", "a client's signal did not reach its program", ["service", "signal"]),
  "ssh.broken": event("debug", "a connection or a channel broke", ["remote"]),
} as const;

/** The name of an event; with a level, of one that is this loud. */
export type EventName<Loud extends Level = Level> = {
  [Name in keyof typeof EVENTS]: (typeof EVENTS)[Name]["level"] extends Loud ? Name : never;
}[keyof typeof EVENTS];

type Value<Name extends Field> = {
  text: string;
  number: number;
  boolean: boolean;
}[(typeof FIELDS)[Name][0]];

/** The fields that an event comes with. Values are never secrets. */
export type FieldsOf<Name extends EventName> =
  & { [Key in (typeof EVENTS)[Name]["fields"][number]]: Value<Key> }
  & { [Key in (typeof EVENTS)[Name]["optional"][number]]?: Value<Key> | undefined };

/** Which service, and which of its deployments, a stretch of work is about. */
export interface About {
  service: string;
  deployment?: number;
}
