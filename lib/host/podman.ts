/**
 * What Podman itself says and does for one service: the truth behind every outcome.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Command, Run } from "./process.ts";
import { must } from "./service_directory.ts";

/** A container of a service, running or not. */
export interface Container {
  id: string;
  name: string;
  /** Its service in the compose file. */
  composeService: string;
  /** `running`, `exited`, `created`, … */
  state: string;
  /** Podman's own words: `Up 3 minutes ago`. */
  status: string;
  exitCode: number;
  image: string;
  /** PGO's labels; empty where it was not made by PGO. */
  revision: string;
  deployment: string;
  /** When it was last started, in seconds since 1970. */
  startedAt: number;
  /** Seconds it gets to end by itself; undefined: Podman's own default. */
  stopSeconds: number | undefined;
}

/** Milliseconds a pull may take. */
const PULL_DEADLINE = 30 * 60_000;

/** Seconds a container gets to end by itself at most. */
const LONGEST_STOP = 600;
/** Milliseconds a container may take to stop beyond what it was given. */
const STOP_DEADLINE = 5 * 60_000;

/** The label by which podman-compose marks the containers of `service`. */
export const projectLabel = (service: string) => `label=io.podman.compose.project=${service}`;

/** All containers of `service`. */
export async function containers(run: Run, user: User, service: string): Promise<Container[]> {
  const { stdout } = await must(run, {
    argv: ["podman", "ps", "-a", "--filter", projectLabel(service), "--format", "json"],
    user,
  });
  return parseContainers(stdout);
}

/** Reads `podman ps --format json`. */
export function parseContainers(json: string): Container[] {
  const list = JSON.parse(json || "[]") as {
    Id: string;
    Names: string[];
    State: string;
    Status: string;
    ExitCode: number;
    StartedAt?: number;
    Image: string;
    Labels: Record<string, string> | null;
  }[];
  return list.map(({ Id, Names, State, Status, ExitCode, StartedAt, Image, Labels }) => ({
    id: Id,
    name: Names[0] ?? Id,
    composeService: Labels?.["com.docker.compose.service"] ?? "",
    state: State,
    status: Status,
    exitCode: ExitCode,
    startedAt: StartedAt ?? 0,
    image: Image,
    revision: Labels?.["pgo.revision"] ?? "",
    deployment: Labels?.["pgo.deployment"] ?? "",
    stopSeconds: seconds(Labels?.["pgo.stop-seconds"]),
  }));
}

function seconds(label: string | undefined): number | undefined {
  // An image can bring such a label too.
  return label !== undefined && /^\d{1,6}$/.test(label)
    ? Math.min(Number(label), LONGEST_STOP)
    : undefined;
}

/** Whether the user has an image under this name. */
export async function imageExists(run: Run, user: User, image: string): Promise<boolean> {
  return (await run({ argv: ["podman", "image", "exists", image], user })).code === 0;
}

/** The health check of a container's own image; times in milliseconds. */
export async function imageCheck(run: Run, user: User, id: string) {
  const format = "{{json .Config.Healthcheck}}";
  const { stdout } = await must(run, { argv: ["podman", "inspect", "--format", format, id], user });
  const found = JSON.parse(stdout || "null") as {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    StartPeriod?: number;
    Retries?: number;
  } | null;
  if (!found?.Test) return undefined;
  return {
    test: found.Test,
    interval: (found.Interval || 30e9) / 1e6,
    timeout: (found.Timeout || 30e9) / 1e6,
    startPeriod: (found.StartPeriod ?? 0) / 1e6,
    retries: found.Retries || 3,
  };
}

/**
 * Pulls an image, by Podman rather than podman-compose: its exit code tells whether that worked, and
 * 1.0.3's does not. Output goes to the command's sinks. Returns the exit code.
 */
export async function pullImage(
  run: Run,
  user: User,
  { image, platform, env }: { image: string; platform?: string; env?: Record<string, string> },
  output: Pick<Command, "stdout" | "stderr" | "signal">,
): Promise<number> {
  const wanted = platform === undefined ? [] : [`--platform=${platform}`];
  const argv = ["podman", "pull", ...wanted, "--", image] as const;
  return (await run({ ...output, argv, user, env, deadline: PULL_DEADLINE })).code;
}

/** Gives `image` a second name. */
export async function tagImage(run: Run, user: User, image: string, tag: string): Promise<void> {
  await must(run, { argv: ["podman", "tag", image, tag], user });
}

/**
 * Stops containers side by side, each with the time it asked for: podman-compose would wait for one after
 * the other, 10 s each whatever they asked for.
 */
export async function stopContainers(
  run: Run,
  user: User,
  list: readonly Pick<Container, "id" | "stopSeconds">[],
): Promise<void> {
  const groups = Map.groupBy(list, ({ stopSeconds }) => stopSeconds);
  await Promise.all([...groups].map(([seconds, group]) => {
    const wait = seconds === undefined ? [] : ["-t", String(seconds)];
    return run({
      argv: ["podman", "stop", ...wait, ...group.map(({ id }) => id)],
      user,
      deadline: STOP_DEADLINE + (seconds ?? 0) * 1000,
    });
  }));
}

/** Takes a name away from an image. */
export async function untagImage(run: Run, user: User, tag: string): Promise<void> {
  await must(run, { argv: ["podman", "untag", tag, tag], user });
}

/** Starts containers that are there. */
export async function startContainers(run: Run, user: User, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await run({ argv: ["podman", "start", ...ids], user });
}

/** Images whose names begin with `prefix` and end with a deployment's number. */
export async function imageTags(
  run: Run,
  user: User,
  prefix: string,
): Promise<{ name: string; deployment: number }[]> {
  const format = "{{.Repository}}:{{.Tag}}";
  const { stdout } = await must(run, { argv: ["podman", "images", "--format", format], user });
  return stdout.split("\n").flatMap((name) => {
    const [, deployment] = /:(\d+)$/.exec(name) ?? [];
    return deployment && name.startsWith(prefix) ? [{ name, deployment: Number(deployment) }] : [];
  });
}

/** Removes names of images, and images nothing else names. Returns what Podman says of those that stay. */
export async function removeImages(
  run: Run,
  user: User,
  names: readonly string[],
): Promise<string> {
  if (names.length === 0) return "";
  return (await run({ argv: ["podman", "rmi", "--", ...names], user })).stderr.trim();
}

/** The names of the user's secrets. */
export async function podmanSecrets(run: Run, user: User): Promise<Set<string>> {
  const argv = ["podman", "secret", "ls", "--format", "{{.Name}}"] as const;
  const { stdout } = await must(run, { argv, user });
  return new Set(stdout.split("\n").filter((name) => name !== ""));
}

/** Removes containers for good, whatever state they are in. */
export async function removeContainers(
  run: Run,
  user: User,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) await must(run, { argv: ["podman", "rm", "-f", "-t", "10", ...ids], user });
}
