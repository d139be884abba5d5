/**
 * What was deployed, by whom, with what outcome, and what operators wish: SQLite in `<dir>/pgo.db`.
 * Nothing here is needed to keep containers running.
 * @module
 */
import { type Database, openDatabase, type Statement } from "./ledger_schema.ts";

/** How a deployment ended; `running` until it has. `left`: it was live, and an operator went back from it. */
export type DeploymentOutcome = "running" | "live" | "failed" | "rolled back" | "left";

/** One attempt to make a candidate live. */
export interface DeploymentRecord {
  /** Counts up from 1 in each service; part of its image tags. */
  number: number;
  service: string;
  revision: string;
  /** What the deployment depended on, hashed: watched files and the service's config. */
  digest: string;
  /** `push`, `boot`, `config`, or the command that asked. */
  cause: string;
  /** Fingerprint and comment of the key that asked, or `pgod`. */
  actor: string;
  /** ISO 8601, UTC. */
  started: string;
  ended: string | null;
  outcome: DeploymentOutcome;
  /** One line: why it ended so. */
  detail: string;
  /** JSON of {@link Step}s; `""` while there are none. */
  steps: string;
  /** The end of what programs printed. */
  output: string;
}

/** A step of a deployment. */
export interface Step {
  line: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** A command that changed something, or tried to. */
export interface ActionRecord {
  service: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Fingerprint and comment of the key that asked. */
  actor: string;
  command: string;
  /** Deployments that were live before and after. */
  before: number | null;
  after: number | null;
  /** `""` when it worked, else why not. */
  trouble: string;
}

/** What is remembered of a service besides its deployments. */
export interface ServiceRecord {
  name: string;
  /** The user it last ran as: whoever has to take it down. */
  user: string;
  /** Number of the deployment whose containers should run; null: none. */
  live: number | null;
  /** Revision whose files are in the checkout. */
  checkout: string | null;
  /** Who stopped it and when, in one line; null: it should run. */
  stopped: string | null;
  /** JSON list of compose services that an operator stopped one by one; until the next deployment. */
  halted: string;
  /** JSON of a {@link import("./hold.ts").Freeze}; null: new revisions are deployed. */
  frozen: string | null;
}

/** The ledger of one host. */
export class Ledger {
  readonly #db: Database;
  /** By their text: what SQLite holds of one is freed only when the garbage collector comes by. */
  readonly #statements = new Map<string, Statement>();

  /** Opens or makes the ledger at `path`. @throws {Error} as {@link openDatabase}. */
  constructor(path: string) {
    this.#db = openDatabase(path);
  }

  /** Everything remembered of one service, fresh for one never seen. */
  service(name: string): ServiceRecord {
    const row = this.#prepare("SELECT * FROM service WHERE name = ?").get(name);
    return row as unknown as ServiceRecord ??
      { name, user: "", live: null, checkout: null, stopped: null, halted: "[]", frozen: null };
  }

  /** All services ever taken up and not yet taken down for good. */
  services(): ServiceRecord[] {
    return this.#prepare("SELECT * FROM service ORDER BY name")
      .all() as unknown as ServiceRecord[];
  }

  /** Writes what changed of a service. */
  update(name: string, change: Partial<Omit<ServiceRecord, "name">>): void {
    const { user, live, checkout, stopped, halted, frozen } = { ...this.service(name), ...change };
    this.#prepare(
      `INSERT INTO service (name, user, live, checkout, stopped, frozen, halted)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO
       UPDATE SET user = ?2, live = ?3, checkout = ?4, stopped = ?5, frozen = ?6, halted = ?7`,
    ).run(name, user, live, checkout, stopped, frozen, halted);
  }

  /** Writes all that `work` writes at once: the disk is waited for once. */
  together(work: () => void): void {
    this.#db.exec("BEGIN");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Forgets a service that was taken down; its deployments stay as history. */
  forget(name: string): void {
    this.#prepare("DELETE FROM service WHERE name = ?").run(name);
  }

  /** Remembers that the files of a service that is no longer wanted are still there. */
  markStale(name: string, user: string): void {
    this.#prepare("INSERT OR REPLACE INTO stale VALUES (?, ?, ?)")
      .run(name, user, new Date().toISOString());
  }

  /** Services whose files are left over. */
  stale(): { name: string; user: string; since: string }[] {
    return this.#prepare("SELECT * FROM stale ORDER BY since")
      .all() as unknown as ReturnType<Ledger["stale"]>;
  }

  /** The files are gone, or wanted again. */
  clearStale(name: string): void {
    this.#prepare("DELETE FROM stale WHERE name = ?").run(name);
  }

  /** Records that a deployment begins; its number is above all before and above `floor`. */
  begin(
    start: Pick<DeploymentRecord, "service" | "revision" | "digest" | "cause" | "actor">,
    floor = 0,
  ): DeploymentRecord {
    const row = this.#prepare("SELECT max(number) AS number FROM deployment WHERE service = ?")
      .get(start.service);
    const record: DeploymentRecord = {
      ...start,
      number: Math.max(Number(row?.["number"] ?? 0), floor) + 1,
      started: new Date().toISOString(),
      ended: null,
      outcome: "running",
      detail: "",
      steps: "",
      output: "",
    };
    this.#insert(record);
    return record;
  }

  /** Puts in a deployment that an earlier ledger knew, unless there is one of that number. */
  adopt(record: DeploymentRecord): void {
    if (!this.deployment(record.service, record.number)) this.#insert(record);
  }

  #insert(record: DeploymentRecord): void {
    const names = Object.keys(record);
    this.#prepare(
      `INSERT INTO deployment (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    ).run(...Object.values(record));
  }

  /** Keeps what a deployment did and what programs printed. */
  describe({ service, number }: DeploymentRecord, steps: Step[], output: string): void {
    this.#prepare(
      "UPDATE deployment SET steps = ?, output = ? WHERE service = ? AND number = ?",
    ).run(JSON.stringify(steps), output, service, number);
  }

  /** Records a command. */
  act(action: ActionRecord): void {
    this.#prepare("INSERT INTO action VALUES (?, ?, ?, ?, ?, ?, ?)").run(
      action.service,
      action.at,
      action.actor,
      action.command,
      action.before,
      action.after,
      action.trouble,
    );
  }

  /** Deployments of a service, newest first. */
  deployments(service: string, limit: number): DeploymentRecord[] {
    return this.#prepare(
      "SELECT * FROM deployment WHERE service = ? ORDER BY number DESC LIMIT ?",
    ).all(service, limit) as unknown as DeploymentRecord[];
  }

  /** Commands on a service, newest first. */
  actions(service: string, limit: number): ActionRecord[] {
    return this.#prepare("SELECT * FROM action WHERE service = ? ORDER BY at DESC LIMIT ?")
      .all(service, limit) as unknown as ActionRecord[];
  }

  /** The newest deployment before `number` that was live once: what is gone back to. */
  lastGood(service: string, number: number | null): DeploymentRecord | undefined {
    return this.#prepare(
      `SELECT * FROM deployment WHERE service = ? AND outcome = 'live' AND number < ?
       ORDER BY number DESC LIMIT 1`,
    ).get(service, number) as unknown as DeploymentRecord | undefined;
  }

  /** Records how a deployment ended. */
  end(record: DeploymentRecord, outcome: DeploymentOutcome, detail: string): void {
    this.#prepare(
      "UPDATE deployment SET ended = ?, outcome = ?, detail = ? WHERE service = ? AND number = ?",
    ).run(new Date().toISOString(), outcome, detail, record.service, record.number);
  }

  /** Marks a deployment that was live as one an operator went back from. */
  leave(service: string, number: number, detail: string): void {
    this.#prepare(
      "UPDATE deployment SET outcome = 'left', detail = ? WHERE service = ? AND number = ?",
    ).run(detail, service, number);
  }

  /** One deployment, if there was such a one. */
  deployment(service: string, number: number | null): DeploymentRecord | undefined {
    return this.#prepare("SELECT * FROM deployment WHERE service = ? AND number = ?")
      .get(service, number) as unknown as DeploymentRecord | undefined;
  }

  /** The newest deployment of a service. */
  last(service: string): DeploymentRecord | undefined {
    return this.#prepare(
      "SELECT * FROM deployment WHERE service = ? ORDER BY number DESC LIMIT 1",
    )
      .get(service) as unknown as DeploymentRecord | undefined;
  }

  #prepare(sql: string): Statement {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#db.close();
  }
}
