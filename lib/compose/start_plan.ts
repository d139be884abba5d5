/**
 * In what order the services of a model start, and what has to be true of each before it counts as well.
 * @module
 */
import { milliseconds } from "./health.ts";
import type { Dependency, HealthCheck, Model, Service } from "./model.ts";
import { inOrder } from "./references.ts";

/** A health check as PGO runs it; times in milliseconds. */
export interface Check {
  /** The program in the container. */
  argv: string[];
  interval: number;
  timeout: number;
  startPeriod: number;
  /** Failures in a row after the start period that make it unhealthy. */
  retries: number;
}

/** What is wanted of one service. */
export interface Wanted {
  name: string;
  /** TCP ports of the host that have to answer; `ip` is `""` for all addresses. */
  ports: { ip: string; port: number }[];
  /** Every published port, for what else may hold it. */
  published: { port: number; protocol: "tcp" | "udp" }[];
  /** undefined: the image's own, if it has one; null: none, whatever the image says. */
  check: Check | null | undefined;
  /** It may end by itself with exit code 0. */
  mayEnd: boolean;
  /** Podman starts it again when it fails. */
  restarts: boolean;
}

/** Services that start together, once what they wait for is true. */
export interface Group {
  services: string[];
  first: { service: string; condition: Exclude<Dependency["condition"], "service_started"> }[];
}

/** How a deployment is started. */
export interface StartPlan {
  groups: Group[];
  wanted: Wanted[];
}

/** The plan of a model. */
export function startPlan({ services }: Pick<Model, "services">): StartPlan {
  const sorted = inOrder(services);
  const level = new Map<string, number>();
  const groups: Group[] = [];
  for (const { name, dependsOn } of sorted) {
    const waits = dependsOn.flatMap(({ service, condition }) =>
      condition === "service_started" ? [] : [{ service, condition }]
    );
    const own = Math.max(
      0,
      ...dependsOn.map(({ service, condition }) =>
        (level.get(service) ?? 0) + (condition === "service_started" ? 0 : 1)
      ),
    );
    level.set(name, own);
    const group = groups[own] ??= { services: [], first: [] };
    group.services.push(name);
    for (const wait of waits) {
      if (
        !group.first.some((one) => one.service === wait.service && one.condition === wait.condition)
      ) {
        group.first.push(wait);
      }
    }
  }
  const ended = new Set(
    services.flatMap(({ dependsOn }) =>
      dependsOn.filter(({ condition }) => condition === "service_completed_successfully")
        .map(({ service }) => service)
    ),
  );
  return { groups, wanted: sorted.map((service) => wanted(service, ended.has(service.name))) };
}

function wanted({ name, ports, health, plain }: Service, awaited: boolean): Wanted {
  const numbers = ports.flatMap(({ from = 0, to = -1, hostIp, protocol }) =>
    Array.from({ length: to - from + 1 }, (_, at) => ({ ip: hostIp, port: from + at, protocol }))
  );
  return {
    name,
    ports: numbers.filter(({ protocol }) => protocol === "tcp").map(({ ip, port }) => ({
      ip,
      port,
    })),
    published: numbers.map(({ port, protocol }) => ({ port, protocol })),
    check: health && (readCheck(health) ?? null),
    mayEnd: awaited || (plain["restart"] ?? "no") === "no",
    restarts: (plain["restart"] ?? "no") !== "no",
  };
}

function readCheck(
  { test, interval, timeout, startPeriod, retries }: HealthCheck,
): Check | undefined {
  const argv = checkArgv(test ?? ["NONE"]);
  return argv && {
    argv,
    interval: milliseconds(interval ?? "30s"),
    timeout: milliseconds(timeout ?? "30s"),
    startPeriod: milliseconds(startPeriod ?? "0s"),
    retries: Math.max(1, Number(retries ?? 3)),
  };
}

/** The program that a check's `test` runs; undefined for none. */
export function checkArgv([kind, ...words]: readonly string[]): string[] | undefined {
  if (kind === "CMD") return words;
  return kind === "CMD-SHELL" ? ["/bin/sh", "-c", words.join(" ")] : undefined;
}
