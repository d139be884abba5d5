/**
 * The fields that events of the log come with.
 * @module
 */

/** What a field means, and what its values are. The same name means the same in every event. */
export const FIELDS = {
  actor: [
    "text",
    "fingerprint and comment of the key whose command made pgod do it; absent: pgod by itself",
  ],
  address: ["text", "where pgod listens"],
  args: [
    "text",
    "what the command was given; of exec no more than service and program, never options",
  ],
  bytes: ["number", "size"],
  cause: ["text", "why: boot, push, config, or the command that asked"],
  command: ["text", "what was asked for over SSH"],
  comment: ["text", "the comment of the key"],
  compose_service: ["text", "the service in the compose file"],
  count: ["number", "how many"],
  deployment: ["number", "the deployment's number; with the service it names one deployment"],
  error: ["text", "what went wrong, in one line"],
  gone: ["boolean", "the client left before the end, which is no error of pgod's"],
  key: ["text", "fingerprint of the key"],
  login: ["text", "the SSH user name the client gave, which means nothing"],
  ms: ["number", "how long it took, in milliseconds"],
  network: ["text", "a network, by its name in Podman"],
  path: ["text", "a file or directory"],
  reason: ["text", "why not"],
  received: ["number", "bytes of stdin"],
  proxy: ["text", "caddy or nginx"],
  remote: ["text", "address and port of the client"],
  repository: ["text", "URL of the repository, without its secrets"],
  revision: ["text", "full Git commit id"],
  role: ["text", "what the key may do: read, operate or exec"],
  sent: ["number", "bytes of stdout and stderr"],
  service: ["text", "the service, by its name in the config"],
  signal: ["text", "the signal that came"],
  since: ["text", "ISO 8601 time"],
  state: ["text", "gone, or Podman's words for the container"],
  status: [
    "number",
    "status as sent to the client; 0 is success, 129 (as of SIGHUP) that it left before one was sent",
  ],
  tip: ["text", "the newest fetched revision of the branch"],
  user: ["text", "a Unix user"],
} as const satisfies Record<string, readonly [kind: "text" | "number" | "boolean", string]>;

/** The name of a field. */
export type Field = keyof typeof FIELDS;
