/**
 * The port book: who owns which range of host ports, who publishes what, and who really listens. Pure.
 * @module
 */
import type { ServiceConfig } from "../config/parse.ts";
import { inRanges, type PortRange } from "../config/ports.ts";
import { formatUrl, isLocal } from "../config/urls.ts";
import type { Listener } from "../host/listeners.ts";
import type { PublishedPort } from "../host/published.ts";

/** What is known of a host. */
export interface Facts {
  services: {
    config: Pick<ServiceConfig, "name" | "user" | "ports" | "urls">;
    /** What its live deployment publishes, whether it runs or not. */
    planned: { port: number; protocol: "tcp" | "udp" }[];
  }[];
  /** What containers publish, by their Unix user. */
  published: (PublishedPort & { user: string })[];
  /** Sockets that listen, with the names of their Unix users. */
  listeners: (Listener & { user: string })[];
  /** Unix users whose Podman did not say what it publishes, and why. */
  unknown?: ReadonlyMap<string, string>;
}

/** Who listens: a program of a user, for a container where that is known. */
export interface Holder {
  /** `null` where this pgod may not see it. */
  program: string | null;
  pid: number | null;
  user: string;
}

/** One port of a service. */
export interface BookPort {
  port: number;
  protocol: "tcp" | "udp";
  /** Whether the live deployment publishes it. */
  wanted: boolean;
  /** Names that lead to it. */
  urls: string[];
  /** Containers of the service that publish it, with Podman's word for what they do. */
  containers: { name: string; state: string }[];
  listening: Holder[];
  /** Whether somebody else than the service's containers listens on it. */
  stranger: boolean;
}

/** One service. */
export interface BookService {
  service: string;
  user: string;
  /** `null`: any but another service's. */
  ranges: PortRange[] | null;
  ports: BookPort[];
  /** Why it is not known what its containers publish, where it is not. */
  trouble: string | null;
}

/** All of a host. */
export interface Book {
  services: BookService[];
  /** Listeners on ports that no service has anything to do with. */
  others: (Holder & { port: number; protocol: "tcp" | "udp" })[];
}

/** What Podman's port forwarders are called; `exe` is one that started itself anew. */
const FORWARDER = /^(rootlessport|slirp4netns|pasta|passt|conmon|exe$)/;

/** Whether a listener may be one of `user`'s containers; one whose program cannot be seen may. */
export function isForwarder(listener: Pick<Listener, "program">): boolean {
  return listener.program === undefined || FORWARDER.test(listener.program);
}

/** The book of what is known. */
export function portBook({ services, published, listeners, unknown = new Map() }: Facts): Book {
  const here = Map.groupBy(listeners, keyOf);
  const open = [...here.keys()].map(readKey);
  const projects = Map.groupBy(published, ({ user, project }) => `${user} ${project}`);
  const found = services.map(({ config, planned }): BookService => {
    const { name, user, ports: ranges, urls } = config;
    const own = projects.get(`${user} ${name}`) ?? [];
    const local = urls.filter(isLocal).map((url) => ({ ...url, protocol: "tcp" as const, url }));
    const inside = open.filter(({ port }) => inRanges(ranges ?? [], port));
    const [containers, names, wanted] = [
      Map.groupBy(own, keyOf),
      Map.groupBy(local, keyOf),
      new Set(planned.map(keyOf)),
    ];
    const keys = new Set([...wanted, ...[...own, ...inside, ...local].map(keyOf)]);
    const trouble = unknown.get(user) ?? null;
    const ports = [...keys].map(readKey).sort(byPort).map((port): BookPort => {
      const key = keyOf(port);
      const publishing = containers.get(key) ?? [];
      const listening = here.get(key) ?? [];
      const ours = (one: Facts["listeners"][number]) =>
        (publishing.length > 0 || trouble !== null) && one.user === user && isForwarder(one);
      return {
        ...port,
        wanted: wanted.has(key),
        urls: (names.get(key) ?? []).map(({ url }) => formatUrl(url)),
        containers: publishing.map(({ container, state }) => ({ name: container, state })),
        listening: holders(listening),
        stranger: listening.some((one) => !ours(one)),
      };
    });
    return { service: name, user, ranges: ranges ?? null, ports, trouble };
  });
  const mine = new Set(found.flatMap(({ ports }) => ports.map(keyOf)));
  const others = open.filter((port) => !mine.has(keyOf(port))).sort(byPort).flatMap((port) =>
    holders(here.get(keyOf(port)) ?? []).map((holder) => ({ ...port, ...holder }))
  );
  return { services: found, others };
}

type Port = Pick<BookPort, "port" | "protocol">;

const keyOf = ({ port, protocol }: Port) => `${port}/${protocol}`;
const byPort = (a: Port, b: Port) => a.port - b.port || a.protocol.localeCompare(b.protocol);

function readKey(key: string): Port {
  const [port, protocol] = key.split("/");
  return { port: Number(port), protocol: protocol === "udp" ? "udp" : "tcp" };
}

/** One holder for each process, however many addresses it listens on. */
function holders(listeners: Facts["listeners"]): Holder[] {
  const all = listeners.map(({ program, pid, user }) => ({
    program: program ?? null,
    pid: pid ?? null,
    user,
  }));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
