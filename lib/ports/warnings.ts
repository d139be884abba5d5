/**
 * What is right in a config but will not work on this host as it is: ports that others hold, ports that a rootless
 * user cannot bind.
 * @module
 */
import type { Config } from "../config/parse.ts";
import { formatPortRange, inRanges } from "../config/ports.ts";
import type { Path } from "../config/toml.ts";
import type { User } from "../host/as_user.ts";
import { type Facts, isForwarder } from "./book.ts";

/** What a host says. */
export interface HostPorts {
  users: ReadonlyMap<string, User>;
  listeners: Facts["listeners"];
  /** The first port that everybody may bind. */
  unprivileged: number;
  /** The port that pgod itself listens on. */
  ssh: number;
}

/** Warnings with the place in the config that each is about. */
export function portWarnings(
  { services }: Pick<Config, "services">,
  { users, listeners, unprivileged, ssh }: HostPorts,
): { path: Path; message: string }[] {
  return services.flatMap(({ ports, user }, at) =>
    (ports ?? []).flatMap((range, index) => {
      const account = users.get(user);
      const warn: string[] = [];
      if (range.from < unprivileged && account && account.uid !== 0) {
        const low = { from: range.from, to: Math.min(range.to, unprivileged - 1) };
        warn.push(
          `${formatPortRange(low)}: user ${JSON.stringify(user)} may not bind ports below ` +
            `${unprivileged} (sysctl net.ipv4.ip_unprivileged_port_start=${range.from} would let everybody)`,
        );
      }
      if (inRanges([range], ssh)) warn.push(`port ${ssh} is pgod's own for SSH`);
      const strangers = listeners.filter((one) =>
        inRanges([range], one.port) && one.port !== ssh &&
        !(one.uid === account?.uid && isForwarder(one))
      );
      const said = strangers.map(({ port, protocol, program, pid, user }) =>
        `port ${port}/${protocol} is held by ${
          program ? `${program} (process ${pid})` : "a process that pgod may not see"
        } of user ${user}`
      );
      return [...warn, ...new Set(said)].map((message) => ({
        path: ["services", at, "ports", index],
        message,
      }));
    })
  );
}
