/**
 * All services of a host: taken up, changed and taken down as the config says.
 * @module
 */
import type { Config, ServiceConfig } from "../config/parse.ts";
import type { PortRange } from "../config/ports.ts";
import type { User } from "../host/as_user.ts";
import { sleep, within } from "../host/clock.ts";
import { about } from "../log.ts";
import { follow } from "./poller.ts";
import { createService, type Host, type Service } from "./service.ts";
import { type Estate, estateOf } from "./neighbours.ts";
import { Partings } from "./partings.ts";
import { sweepStale, takeDownFor } from "./removal.ts";
import { sweepNetworks } from "./resources.ts";
import { Turns } from "./turns.ts";

/** How many services are made ready and started at once when pgod starts: the first need not wait for the last. */
const STARTS = 4 * Math.max(2, navigator.hardwareConcurrency);

/** Milliseconds that a new config waits for what goes, before it goes on without. */
const PARTING = 5_000;

interface Member {
  service: Service;
  /** Ends the following; a deployment under way goes on. */
  leave: AbortController;
  /** Ends a deployment under way, too. */
  giveUp: AbortController;
  done: Promise<void>;
}

interface Wanted {
  services: ReadonlyMap<string, ServiceConfig>;
  /** The account of each, by its name. */
  users: ReadonlyMap<string, User>;
  estate: Estate;
  cause: "boot" | "config";
}

/** The services this pgod runs. */
export class Fleet {
  readonly #members = new Map<string, Member>();
  readonly #deadline = new AbortController();
  readonly #starts = new Turns(STARTS);
  readonly #partings = new Partings();
  /** What the config that was applied last says. */
  #wanted: Wanted = {
    services: new Map(),
    users: new Map(),
    estate: { ports: [], networks: [], text: "" },
    cause: "boot",
  };

  /** `interval`: milliseconds between ticks. `formerUser` looks up a user that only the ledger still names. */
  constructor(
    readonly host: Host,
    readonly interval: number,
    readonly formerUser: (name: string) => Promise<User | undefined>,
    readonly patience = PARTING,
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
   * config, removed ones are taken down as the user they ran as. `users` holds the account of each. A deployment under
   * way is ended where its service is removed, and else goes on to its end first; the others do not wait for that.
   */
  async apply(
    config: Config,
    users: ReadonlyMap<string, User>,
    cause: "boot" | "config",
  ): Promise<void> {
    const { log } = this.host;
    const estate = estateOf(config);
    const services = new Map(config.services.map((service) => [service.name, service]));
    const before = this.#wanted.estate.text;
    this.#wanted = { services, users, estate, cause };
    const gone = this.#gone().map(({ name }) => name);
    if (services.size === 0 && gone.length > 0) {
      log.warn(
        "config.empty",
        "The config names no service: nothing is taken down, expected at least one service",
        { count: gone.length },
      );
    }
    const parting = new Map<string, readonly PortRange[]>();
    for (const name of services.size > 0 ? gone : []) parting.set(name, []);
    for (const [name, { service, leave, giveUp }] of this.#members) {
      const next = services.get(name);
      const same = next && estate.text === before && !leave.signal.aborted &&
        JSON.stringify(next) === JSON.stringify(service.config);
      if (same) continue;
      parting.set(name, service.config.ports ?? []);
      // Of a config that names nobody nothing is taken down.
      const isRemoved = !next && services.size > 0;
      service.parting = isRemoved ? "removed" : "changed";
      leave.abort();
      if (isRemoved) giveUp.abort(new Error("the config does not name it any more"));
    }
    const owners: User[] = [];
    for (const [name, ports] of parting) {
      void this.#partings.begin(name, ports, () => this.#part(name, owners));
    }
    // All at once, and nobody waits long for one that is slow to go: it goes on by itself.
    const patience = cause === "boot" ? 3 * this.patience : this.patience;
    await within(patience, this.#partings.all());
    const coming = config.services.filter(({ name, user }) => !this.#runs(name) && users.has(user));
    // Whoever is given a port waits until it is let go of.
    const late = coming.flatMap(({ name, ports }) => {
      const before = this.#partings.before(name, ports);
      return before ? { name, done: before.then(() => this.#comesLate(name)) } : [];
    });
    const now = coming.filter(({ name }) => late.every((other) => other.name !== name));
    await this.#comes(now.map(({ name }) => name));
    // At boot it is left to the first sweep, which nobody waits for.
    if (cause !== "config") return;
    const swept = async () => {
      await Promise.all([this.#partings.all(), ...late.map(({ done }) => done)]);
      await sweepNetworks(this.host, this.services(), [...users.values(), ...owners]);
    };
    await within(this.patience, swept());
  }

  /** Whether a service is followed, and is to be. */
  #runs(name: string): boolean {
    return this.#members.get(name)?.leave.signal.aborted === false;
  }

  /** What the ledger has of services that are not wanted as the user they ran as. */
  #gone() {
    const { services } = this.#wanted;
    return this.host.ledger.services().filter(({ name, user }) =>
      services.get(name)?.user !== user
    );
  }

  /**
   * Lets go of a service that goes or is to be taken up anew, once what goes on there has ended; takes it down where
   * it is not wanted as that user, who is added to `owners`. Never throws.
   */
  async #part(name: string, owners: User[]): Promise<void> {
    const member = this.#members.get(name);
    if (member?.leave.signal.aborted) {
      await member.done;
      await member.service.lock.idle();
      this.#members.delete(name);
    }
    const { services, users } = this.#wanted;
    if (services.size === 0) return;
    const record = this.#gone().find((one) => one.name === name);
    if (!record) return;
    const { user } = record;
    const owner = users.get(user) ?? await this.formerUser(user).catch(() => undefined);
    if (owner) {
      owners.push(owner);
      const { signal } = this.#deadline;
      await about(
        { service: name },
        () => takeDownFor(this.host, name, owner, services.has(name), signal),
      );
    } else {
      this.host.log.error(
        "service.stays",
        `"${name}" has to be taken down as "${user}", but this host has no such user`,
        { service: name, user },
      );
    }
  }

  /** {@link #comes}, of which nobody waits for the end. */
  async #comesLate(name: string): Promise<void> {
    try {
      await this.#comes([name]);
    } catch (error) {
      const why = (error as Error).message;
      this.host.log.error("service.trouble", `not taken up: ${why}`, { service: name });
    }
  }

  /** Takes up services as they are wanted by now, where they still are. */
  async #comes(names: readonly string[]): Promise<void> {
    const { services, users } = this.#wanted;
    const coming = names.flatMap((name) => {
      const service = services.get(name);
      const user = users.get(service?.user ?? "");
      return service && user && !this.#members.has(name) ? { service, user } : [];
    });
    if (coming.length === 0) return;
    const { ledger } = this.host;
    const known = new Map(ledger.services().map(({ name, user }) => [name, user]));
    const stale = new Set(ledger.stale().map(({ name }) => name));
    ledger.together(() => {
      for (const { service: { name, user } } of coming) {
        if (known.get(name) !== user) ledger.update(name, { user });
        if (stale.has(name)) ledger.clearStale(name);
      }
    });
    for (const { service, user } of coming) {
      this.#takeUp(service, user);
      // A thousand of them take a while, in which clients are to be answered.
      await sleep(0);
    }
  }

  #takeUp(service: ServiceConfig, user: User): void {
    const { estate, cause } = this.#wanted;
    const { name } = service;
    const unit = createService(this.host, service, user, estate.ports, estate.networks);
    const leave = new AbortController();
    const giveUp = new AbortController();
    const { url } = service.repository;
    this.host.log.info("service.taken_up", `Service "${name}" with upstream "${url}"`, {
      service: name,
      repository: url,
    });
    const options = {
      interval: this.interval,
      cause,
      signal: leave.signal,
      deadline: AbortSignal.any([this.#deadline.signal, giveUp.signal]),
      starts: this.#starts,
    };
    this.#members.set(service.name, {
      service: unit,
      leave,
      giveUp,
      done: about({ service: name }, () => follow(unit, options)),
    });
    this.host.log.info("service.followed", `Launched tracking routine for "${name}"`, {
      service: name,
    });
  }

  /** {@link sweepStale}, and networks nobody wants. */
  async sweep(age: number): Promise<void> {
    const owners = this.services().map(({ user }) => user);
    await sweepNetworks(this.host, this.services(), owners);
    await sweepStale(this.host, age, this.formerUser, (name) => this.#members.has(name));
  }

  /**
   * Stops following. Deployments under way get `patience` milliseconds to reach their end and are ended
   * after that; containers stay as they are.
   */
  async stop(patience: number): Promise<void> {
    const members = [...this.#members.values()];
    // Who was to come late does not come any more.
    this.#wanted = { ...this.#wanted, services: new Map() };
    for (const { leave } of members) leave.abort();
    const busy = members.filter(({ service }) => service.lock.holder);
    if (busy.length > 0) {
      this.host.log.info(
        "pgod.waiting",
        `Waiting for ${busy.map(({ service }) => service.config.name).join(", ")}`,
        { count: busy.length },
      );
    }
    const idle = Promise.all([
      ...members.map(({ done, service }) => done.then(() => service.lock.idle())),
      this.#partings.all(),
    ]);
    if (await within(patience, idle.then(() => true))) return;
    this.#deadline.abort(new Error("pgod stops"));
    await Promise.race([idle, sleep(10_000)]);
  }
}
