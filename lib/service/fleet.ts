/**
 * All services of a host: taken up, changed and taken down as the config says.
 * @module
 */
import type { Config, ServiceConfig } from "../config/parse.ts";
import type { User } from "../host/as_user.ts";
import { sleep, within } from "../host/clock.ts";
import { about } from "../log.ts";
import { abandonDirectory, removeTree, serviceDirectory } from "../host/service_directory.ts";
import { createOutput } from "./output.ts";
import { follow } from "./poller.ts";
import { createService, type Host, type Service } from "./service.ts";
import { type Estate, estateOf, NOBODY } from "./neighbours.ts";
import { sweepNetworks } from "./resources.ts";
import { takeDown } from "./switch.ts";
import { Turns } from "./turns.ts";

/** How many services are made ready and started at once when pgod starts: the first need not wait for the last. */
const STARTS = 4 * Math.max(2, navigator.hardwareConcurrency);

interface Member {
  service: Service;
  /** Ends the following; a deployment under way goes on. */
  leave: AbortController;
  done: Promise<void>;
}

/** The services this pgod runs. */
export class Fleet {
  readonly #members = new Map<string, Member>();
  readonly #deadline = new AbortController();
  readonly #starts = new Turns(STARTS);
  /** {@link Estate.text} of the config that was applied last. */
  #estate = "";

  /** `interval`: milliseconds between ticks. `formerUser` looks up a user that only the ledger still names. */
  constructor(
    readonly host: Host,
    readonly interval: number,
    readonly formerUser: (name: string) => Promise<User | undefined>,
  ) {}

  /** A service by name. */
  find(name: string): Service | undefined {
    return this.#members.get(name)?.service;
  }

  /** All services, in the config's order. */
  services(): Service[] {
    return [...this.#members.values()].map(({ service }) => service);
  }

  /** Names of the services whose ticks should have moved on more than `grace` milliseconds ago. */
  overdue(grace = 60_000): string[] {
    const now = performance.now();
    return this.services().filter(({ due }) => now > due + grace).map(({ config }) => config.name);
  }

  /**
   * Makes the fleet what `config` says: new services are taken up, changed ones go on with their new
   * config, removed ones are taken down as the user they ran as. `users` holds the account of each.
   */
  async apply(
    config: Config,
    users: ReadonlyMap<string, User>,
    cause: "boot" | "config",
  ): Promise<void> {
    const { ledger, log } = this.host;
    const estate = estateOf(config);
    const wanted = new Map(config.services.map((service) => [service.name, service]));
    const gone = ledger.services().filter(({ name, user }) => wanted.get(name)?.user !== user);
    if (wanted.size === 0 && gone.length > 0) {
      log.warn(
        "config.empty",
        "The config names no service: nothing is taken down, expected at least one service",
        { count: gone.length },
      );
    }
    for (const [name, member] of this.#members) {
      const next = wanted.get(name);
      const same = next && estate.text === this.#estate &&
        JSON.stringify(next) === JSON.stringify(member.service.config);
      if (!same) await this.#release(name, member);
    }
    this.#estate = estate.text;
    const owners: User[] = [];
    for (const { name, user } of wanted.size > 0 ? gone : []) {
      const owner = users.get(user) ?? await this.formerUser(user);
      if (owner) {
        owners.push(owner);
        await about({ service: name }, () => this.#takeDownAs(name, owner, wanted.has(name)));
      } else {
        log.error(
          "service.stays",
          `"${name}" has to be taken down as "${user}", but this host has no such user`,
          { service: name, user },
        );
      }
    }
    const coming = config.services.filter(({ name, user }) =>
      !this.#members.has(name) && users.has(user)
    );
    const known = new Map(ledger.services().map(({ name, user }) => [name, user]));
    const stale = new Set(ledger.stale().map(({ name }) => name));
    ledger.together(() => {
      for (const { name, user } of coming) {
        if (known.get(name) !== user) ledger.update(name, { user });
        if (stale.has(name)) ledger.clearStale(name);
      }
    });
    for (const service of coming) {
      const user = users.get(service.user);
      if (!user) continue;
      this.#takeUp(estate, service, user, cause);
      // A thousand of them take a while, in which clients are to be answered.
      await sleep(0);
    }
    // At boot it is left to the first sweep, which nobody waits for.
    if (cause === "config") {
      await sweepNetworks(this.host, this.services(), [...users.values(), ...owners]);
    }
  }

  #takeUp(estate: Estate, service: ServiceConfig, user: User, cause: "boot" | "config"): void {
    const unit = createService(this.host, service, user, estate.ports, estate.networks);
    const leave = new AbortController();
    const { name, repository: { url } } = service;
    this.host.log.info("service.taken_up", `Service "${name}" with upstream "${url}"`, {
      service: name,
      repository: url,
    });
    const options = {
      interval: this.interval,
      cause,
      signal: leave.signal,
      deadline: this.#deadline.signal,
      starts: this.#starts,
    };
    this.#members.set(service.name, {
      service: unit,
      leave,
      done: about({ service: name }, () => follow(unit, options)),
    });
    this.host.log.info("service.followed", `Launched tracking routine for "${name}"`, {
      service: name,
    });
  }

  async #release(name: string, member: Member): Promise<void> {
    member.leave.abort();
    await member.done;
    this.#members.delete(name);
  }

  /**
   * Ends a service's containers for good, as the user they run as. Its files and volumes stay, unless
   * another user takes the service over: then what PGO can make again goes, and its data stays.
   */
  async #takeDownAs(name: string, user: User, moves: boolean): Promise<void> {
    const { ledger, log, run } = this.host;
    const { live } = ledger.service(name);
    const service = createService(this.host, { ...NOBODY, name, user: user.name }, user, []);
    const output = createOutput(() => {}, () => {}, this.#deadline.signal);
    try {
      await takeDown(service, live, output);
      await removeTree(run, user, service.paths.registryAuth);
      if (moves) await abandonDirectory(run, service.paths, user);
      else ledger.markStale(name, user.name);
      ledger.forget(name);
      log.info(
        "service.removed",
        `"${name}" is no longer wanted as "${user.name}" and was taken down`,
        { service: name, user: user.name },
      );
    } catch (error) {
      log.error(
        "service.stays",
        `"${name}" is no longer wanted, but was not taken down: ${(error as Error).message}`,
        { service: name, user: user.name },
      );
    }
  }

  /**
   * Removes what PGO can make again of services that have not been wanted for `age` milliseconds; their data
   * and volumes stay.
   */
  async sweep(age: number): Promise<void> {
    const { ledger, log, run, dir } = this.host;
    const owners = this.services().map(({ user }) => user);
    await sweepNetworks(this.host, this.services(), owners);
    for (const { name, user, since } of ledger.stale()) {
      if (Date.now() - Date.parse(since) < age || this.#members.has(name)) continue;
      const owner = await this.formerUser(user);
      try {
        if (owner) {
          const directory = serviceDirectory(dir, name);
          await about({ service: name }, () => abandonDirectory(run, directory, owner));
        }
        ledger.clearStale(name);
        log.info(
          "service.swept",
          `"${name}" has not been wanted since ${since}: its files were removed, data stays`,
          { service: name, since },
        );
      } catch (error) {
        log.error(
          "service.unswept",
          `The files of "${name}" were not removed: ${(error as Error).message}`,
          { service: name },
        );
      }
    }
  }

  /**
   * Stops following. Deployments under way get `patience` milliseconds to reach their end and are ended
   * after that; containers stay as they are.
   */
  async stop(patience: number): Promise<void> {
    const members = [...this.#members.values()];
    for (const { leave } of members) leave.abort();
    const busy = members.filter(({ service }) => service.lock.holder);
    if (busy.length > 0) {
      this.host.log.info(
        "pgod.waiting",
        `Waiting for ${busy.map(({ service }) => service.config.name).join(", ")}`,
        { count: busy.length },
      );
    }
    const idle = Promise.all(
      members.map(({ done, service }) => done.then(() => service.lock.idle())),
    );
    if (await within(patience, idle.then(() => true))) return;
    this.#deadline.abort(new Error("pgod stops"));
    await Promise.race([idle, sleep(10_000)]);
  }
}
