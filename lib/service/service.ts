/**
 * One service as this host knows it: its config, its user, its places and its doors.
 * @module
 */
import type { ForeignNetwork } from "../compose/policy_resources.ts";
import { type Finding, formatFinding } from "../compose/problem.ts";
import type { ServiceConfig } from "../config/parse.ts";
import type { PortRange } from "../config/ports.ts";
import type { RegistryLogin } from "../config/registries.ts";
import type { User, UserSwitch } from "../host/as_user.ts";
import { createGit, type Git } from "../host/git.ts";
import type { Container } from "../host/podman.ts";
import type { Run } from "../host/process.ts";
import { type ServiceDirectory, serviceDirectory } from "../host/service_directory.ts";
import type { Sleep } from "../host/clock.ts";
import type { Log } from "../log.ts";
import { type Candidate } from "./candidate.ts";
import type { Ledger } from "./ledger.ts";
import { Lock } from "./lock.ts";
import type { Turns } from "./turns.ts";
import type { DeploymentRecord } from "./ledger.ts";
import { type AuthorizedKey } from "../ssh/access.ts";

/** What all services of a host share. */
export interface Host {
  run: Run;
  sleep: Sleep;
  log: Log;
  ledger: Ledger;
  /** `--dir`, absolute. */
  dir: string;
  how: UserSwitch;
  /** How many deployments go on at once. */
  turns: Turns;
  /** Milliseconds a new deployment's containers are watched before it counts as live. */
  settle: number;
  /** What keeps the urls from reaching the proxies, in one line; `""` when nothing does. Absent: no proxies. */
  proxyTrouble?: () => string;
}

/** A deployment whose images are being made ready. */
export interface Prepared {
  record: DeploymentRecord;
  candidate: Candidate;
  pulled: boolean;
  built: boolean;
}

/** Containers as they were when all was as wanted. */
export interface Running {
  /** The live deployment. */
  deployment: number;
  /** Ids of the user's containers that had a monitor, those of other services too. */
  monitored: ReadonlySet<string>;
  /** All of the service's. */
  containers: readonly Container[];
}

/** One service; the fields that change are its only state beside the ledger and the disk. */
export interface Service {
  readonly host: Host;
  readonly config: ServiceConfig;
  readonly user: User;
  /** Port ranges of the other services, which this one may never publish. */
  readonly foreignPorts: { range: PortRange; service: string }[];
  /** Networks that services of other users list: each user has its own of that name. */
  readonly foreignNetworks: ForeignNetwork[];
  readonly paths: ServiceDirectory;
  readonly git: Git;
  readonly lock: Lock;
  /** The config's `env` and what its `env_file` held when it was last read. */
  env: Record<string, string>;
  /** The config's `registries`, and what their files held when they were last read. */
  logins: readonly RegistryLogin[];
  /** Whether `env` or `logins` have changed since the last reconcile. */
  renewed: boolean;
  /** Those of `logins`, as JSON, that Podman has taken since pgod was started. */
  readonly loggedIn: Set<string>;
  /** Newest fetched revision; undefined before the first. */
  tip: string | undefined;
  /** Who may operate it: the keys in `ssh/` at the tip. */
  keys: AuthorizedKey[];
  /** The tip that the last reconcile came to an end with, whatever the end; ticks need not look at it again. */
  handled: string | undefined;
  /** Why `handled` was not deployed, in one line; `""` when it was. */
  quarantine: string;
  /** Set by `pull` and `build`, used by `up`. */
  prepared: Prepared | undefined;
  /** When the loop that follows the branch has to have moved on, at the latest (`performance.now()`). */
  due: number;
  /** Why the fleet lets go of it, as soon as what goes on here has ended. */
  parting: "" | "changed" | "removed";
  /** One line about the last failed tick, `""` after a good one. */
  trouble: string;
  /** What Podman told when all was last as wanted; undefined since something was started or removed. */
  running: Running | undefined;
  /** How often containers were brought back in a row, and when that may be tried next (`performance.now()`). */
  healing: { tries: number; next: number };
}

/** A service that has not looked at its repository yet; `ports` and `networks` are what all services own. */
export function createService(
  host: Host,
  config: ServiceConfig,
  user: User,
  ports: Service["foreignPorts"],
  networks: readonly ForeignNetwork[] = [],
): Service {
  const paths = serviceDirectory(host.dir, config.name);
  return {
    host,
    config,
    user,
    get foreignPorts() {
      return ports.filter(({ service }) => service !== config.name);
    },
    get foreignNetworks() {
      return networks.filter((other) => other.user !== config.user);
    },
    paths,
    git: createGit(host.run, user, paths, config.repository, config.branch, config.files),
    lock: new Lock(),
    env: config.env,
    logins: [],
    renewed: false,
    loggedIn: new Set(),
    tip: undefined,
    handled: undefined,
    quarantine: "",
    keys: [],
    prepared: undefined,
    due: Infinity,
    parting: "",
    trouble: "",
    running: undefined,
    healing: { tries: 0, next: 0 },
  };
}

/** What is no candidate at all; `findings` say why, each with its place. Nothing was touched. */
export class Rejection extends Error {
  constructor(readonly findings: readonly Finding[]) {
    super(findings.map(formatFinding).join("\n"));
  }
}

/** The lines of a failure: each violation by itself, or the error's one line. */
export function failureLines(error: unknown): string[] {
  if (error instanceof Rejection) return error.message.split("\n");
  return [error instanceof Error ? error.message : String(error)];
}

/** The first 12 digits of a revision. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}
