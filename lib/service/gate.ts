/**
 * The health gate: watches the containers of a deployment until each is well, or it is clear that one is not.
 * @module
 */
import { GATE_LIMIT } from "../compose/health.ts";
import { type Check, checkArgv, type Wanted } from "../compose/start_plan.ts";
import { type Container, containers, imageCheck } from "../host/podman.ts";
import { probed, silentPorts } from "../host/probe.ts";
import type { Service } from "./service.ts";

/** Milliseconds between two looks. */
const LOOK = 500;
/** Milliseconds a container may take until its ports answer, where its check gives it no longer. */
const PORT_PATIENCE = 60_000;
/** Starts of one container that make a loop. */
const STARTS = 3;
/** Milliseconds between checks of a container that was never healthy yet. */
const EAGER = 1_000;

/** What is known of one container while it is watched. */
interface Watched {
  wanted: Wanted;
  /** When it was first seen running since its last start, on `performance.now()`. */
  since: number;
  startedAt: number;
  starts: number;
  /** undefined: not looked up yet. */
  check?: Check | null;
  healthy: boolean;
  failures: number;
  /** When it was last checked, and when a failure last counted. */
  checked: number;
  counted: number;
  answered: Set<number>;
  /** Whether it was said that its ports do not answer yet. */
  told: boolean;
}

/** How far a service has to be. */
export type Condition =
  | "started"
  | "settled"
  | "service_healthy"
  | "service_completed_successfully";

/** What is not true, of a service that has not come so far in all the time there is. */
const MISSING: Record<Condition, string> = {
  started: "does not run",
  settled: "is not well",
  service_healthy: "is not healthy",
  service_completed_successfully: "has not ended",
};

/** A deployment that is not well; one line. */
export class GateError extends Error {
  constructor(
    /** Which service is not. */
    readonly composeService: string,
    what: string,
  ) {
    super(`${composeService} ${what}`);
  }
}

/** Watches the containers of one deployment. */
export class Gate {
  readonly #watched: Map<string, Watched>;
  readonly #began = performance.now();

  constructor(
    readonly service: Service,
    /** The deployment's number. */
    readonly number: number,
    wanted: readonly Wanted[],
    /** Tells what takes its time, in one line. */
    readonly tell: (line: string) => void = () => {},
  ) {
    this.#watched = new Map(wanted.map((one) => [one.name, fresh(one)]));
  }

  /**
   * Resolves when every named service has come that far. @throws {GateError} as soon as one cannot any more, or
   * {@link GATE_LIMIT} is over since the gate was made, saying why.
   */
  async reach(names: readonly string[], condition: Condition): Promise<void> {
    const { host } = this.service;
    for (;;) {
      const found = await containers(host.run, this.service.user, this.service.config.name);
      let well = true;
      for (const name of names) {
        const watched = this.#watched.get(name);
        const container = found.find((one) =>
          one.composeService === name && one.deployment === String(this.number)
        );
        if (watched && !await this.#isAt(watched, container, condition)) well = false;
      }
      if (well) return;
      await host.sleep(LOOK);
    }
  }

  async #isAt(
    watched: Watched,
    container: Container | undefined,
    condition: Condition,
  ): Promise<boolean> {
    const { wanted } = watched;
    const { name } = wanted;
    if (this.#left() <= 0) {
      const time = `${GATE_LIMIT / 60_000} minutes`;
      throw new GateError(name, `${MISSING[condition]} after ${time}, all that a deployment gets`);
    }
    if (this.service.parting === "removed") throw new GateError(name, "is no longer wanted");
    if (!container) throw new GateError(name, "was not started");
    if (container.state === "exited" && container.exitCode === 0 && wanted.mayEnd) {
      if (condition === "service_healthy") {
        throw new GateError(name, "ended before it was healthy");
      }
      return true;
    }
    this.#countStarts(watched, container);
    if (container.state !== "running") return this.#mayComeBack(watched, container);
    if (condition === "started") return true;
    if (condition === "service_completed_successfully") return false;
    if (!await this.#isHealthy(watched, container)) return false;
    if (condition === "service_healthy") return true;
    const settled = performance.now() - watched.since >= this.service.host.settle;
    return await this.#portsAnswer(watched) && settled;
  }

  /** Milliseconds that are left. */
  #left(): number {
    return this.#began + GATE_LIMIT - performance.now();
  }

  #countStarts(watched: Watched, { startedAt }: Container): void {
    if (startedAt === watched.startedAt) return;
    watched.startedAt = startedAt;
    watched.since = performance.now();
    watched.healthy = false;
    watched.answered.clear();
    if (++watched.starts > STARTS) {
      throw new GateError(watched.wanted.name, "restarts again and again");
    }
  }

  /** A container that is not running now; podman starts it again where `restart` says so. */
  #mayComeBack({ wanted }: Watched, { state, status, exitCode }: Container): boolean {
    const ended = state === "exited" || state === "stopped";
    if (ended && wanted.restarts && exitCode !== 0) return false;
    if (["created", "initialized", "configured", "stopping"].includes(state)) {
      if (performance.now() - this.#began < PORT_PATIENCE) return false;
    }
    throw new GateError(wanted.name, `is ${status.toLowerCase() || state}`);
  }

  async #isHealthy(watched: Watched, { id }: Container): Promise<boolean> {
    const { host: { run }, user } = this.service;
    // null is an answer too: not every image has a check.
    if (watched.check === undefined) {
      const { check: wanted } = watched.wanted;
      watched.check = wanted === undefined ? await this.#ownCheck(id) : wanted;
    }
    const { check } = watched;
    const now = performance.now();
    const pause = watched.healthy ? check?.interval ?? 0 : Math.min(EAGER, check?.interval ?? 0);
    if (!check || now - watched.checked < pause) return !check || watched.healthy;
    watched.checked = now;
    const argv = ["podman", "exec", id, ...check.argv] as const;
    const deadline = Math.max(1, Math.min(check.timeout + 2_000, this.#left()));
    const outcome = await run({ argv: [...argv], user, deadline })
      .catch((error: Error) => ({ code: 1, stdout: error.message, stderr: "" }));
    if (outcome.code === 0) {
      watched.failures = 0;
      return watched.healthy = true;
    }
    // Early looks may only help: failures count at the pace the check asks for, after its start period.
    const counts = now - watched.since >= check.startPeriod &&
      now - watched.counted >= check.interval;
    if (counts) {
      watched.counted = now;
      if (++watched.failures >= check.retries) {
        const said = (outcome.stdout + outcome.stderr).trim().split("\n").at(-1) ?? "";
        throw new GateError(
          watched.wanted.name,
          `is unhealthy: ${watched.failures} checks failed${
            said ? `, the last with: ${said.slice(0, 200)}` : ""
          }`,
        );
      }
    }
    return watched.healthy && counts === false;
  }

  /** The check that the image brings along. */
  async #ownCheck(id: string): Promise<Check | null> {
    const found = await imageCheck(this.service.host.run, this.service.user, id);
    const argv = checkArgv(found?.test ?? []);
    return found && argv ? { ...found, argv } : null;
  }

  async #portsAnswer(watched: Watched): Promise<boolean> {
    const { host: { run }, user } = this.service;
    const { ports, name } = watched.wanted;
    const asked = probed(ports).filter(({ port }) => !watched.answered.has(port));
    const silent = await silentPorts(run, user, asked);
    for (const port of asked) if (!silent.includes(port)) watched.answered.add(port.port);
    const [left] = silent;
    const patience = Math.max(PORT_PATIENCE, Math.min(watched.check?.startPeriod ?? 0, GATE_LIMIT));
    const waited = performance.now() - watched.since;
    if (left && waited > this.service.host.settle && !watched.told) {
      watched.told = true;
      this.tell(`waiting until ${name} answers at port ${left.port}, ${patience / 1000} s at most`);
    }
    if (left && waited > patience) {
      throw new GateError(name, `does not answer at its port ${left.port}`);
    }
    return left === undefined;
  }
}

function fresh(wanted: Wanted): Watched {
  return {
    wanted,
    since: performance.now(),
    startedAt: 0,
    starts: 0,
    healthy: false,
    failures: 0,
    checked: -Infinity,
    counted: -Infinity,
    answered: new Set(),
    told: false,
  };
}
