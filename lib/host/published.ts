/**
 * Which containers of a user publish which host ports, as Podman tells it.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Run } from "./process.ts";
import { must } from "./service_directory.ts";

/** A host port that a container publishes, running or not. */
export interface PublishedPort {
  container: string;
  /** podman-compose's project: the name of a service of PGO's; `""` for other containers. */
  project: string;
  /** Podman's word: `running`, `exited`, … */
  state: string;
  /** Address of the host; `""` for all. */
  ip: string;
  port: number;
  protocol: "tcp" | "udp";
}

/** All that the containers of `user` publish. @throws {Error} with Podman's last line when it does not say. */
export async function publishedPorts(run: Run, user: User): Promise<PublishedPort[]> {
  const argv = ["podman", "ps", "-a", "--format", "json"] as const;
  return parsePublished((await must(run, { argv, user })).stdout);
}

/** Ports that the containers of one user publish at most: all there are, over both protocols. */
const PORTS = 2 * 65_535;

/** Reads `podman ps --format json`. @throws {Error} for more ports than there are. */
export function parsePublished(json: string): PublishedPort[] {
  let count = 0;
  const list = JSON.parse(json || "[]") as {
    Id: string;
    Names: string[];
    State: string;
    Labels: Record<string, string> | null;
    Ports?: { host_ip?: string; host_port: number; range?: number; protocol: string }[] | null;
  }[];
  return list.flatMap(({ Id, Names, State, Labels, Ports }) =>
    (Ports ?? []).flatMap(({ host_ip = "", host_port, range = 1, protocol }) =>
      protocol.split(",").flatMap((protocol): PublishedPort[] => {
        if (protocol !== "tcp" && protocol !== "udp") return [];
        count += range;
        if (!(range > 0) || count > PORTS) throw new Error(`podman names more than ${PORTS} ports`);
        return Array.from({ length: range }, (_, at) => ({
          container: Names[0] ?? Id,
          project: Labels?.["io.podman.compose.project"] ?? "",
          state: State,
          ip: host_ip,
          port: host_port + at,
          protocol,
        }));
      })
    )
  );
}
