/**
 * The ledger's file: its tables, by versions, and who may read it.
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** An open ledger file. */
export type Database = DatabaseSync;
/** A statement of it, prepared. */
export type Statement = StatementSync;

/** Each brings a ledger from the version of its index to the next. */
const MIGRATIONS = [
  `CREATE TABLE service (
    name TEXT PRIMARY KEY, user TEXT NOT NULL, live INTEGER, checkout TEXT, stopped TEXT
  ) STRICT;
  CREATE TABLE deployment (
    service TEXT NOT NULL, number INTEGER NOT NULL, revision TEXT NOT NULL, digest TEXT NOT NULL,
    cause TEXT NOT NULL, actor TEXT NOT NULL, started TEXT NOT NULL, ended TEXT,
    outcome TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (service, number)
  ) STRICT;`,
  `ALTER TABLE service ADD COLUMN frozen TEXT;
  ALTER TABLE deployment ADD COLUMN steps TEXT NOT NULL DEFAULT '';
  ALTER TABLE deployment ADD COLUMN output TEXT NOT NULL DEFAULT '';
  CREATE TABLE action (
    service TEXT NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL, command TEXT NOT NULL,
    before INTEGER, after INTEGER, trouble TEXT NOT NULL
  ) STRICT;
  CREATE TABLE stale (
    name TEXT NOT NULL, user TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (name, user)
  ) STRICT;`,
  `ALTER TABLE service ADD COLUMN halted TEXT NOT NULL DEFAULT '[]';`,
];
const VERSION = MIGRATIONS.length;

/**
 * Opens or makes the file at `path`, and brings it to this version. @throws {Error} when a newer pgod wrote it, another
 * one has it open, or it is damaged.
 */
export function openDatabase(path: string): Database {
  if (path !== ":memory:") claim(path);
  const db = new DatabaseSync(path);
  // Two pgods on one directory would undo each other's work.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > VERSION) {
    throw new Error(`${path} was written by a newer pgod (schema ${version})`);
  }
  MIGRATIONS.slice(version).forEach((migration, at) =>
    db.exec(`BEGIN; ${migration} PRAGMA user_version = ${version + at + 1}; COMMIT;`)
  );
  const check = db.prepare("PRAGMA quick_check").get()?.["quick_check"];
  if (check !== "ok") throw new Error(`${path} is damaged: ${check}`);
  return db;
}

/** Makes the file readable by nobody else: it holds hashes of secrets. @throws {Error} when another user made it. */
function claim(path: string): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const { uid } = Deno.lstatSync(path);
    if (uid !== Deno.uid()) {
      throw new Error(`${path} belongs to uid ${uid}: somebody else made it, remove it`);
    }
    Deno.chmodSync(path, 0o600);
  }
}
