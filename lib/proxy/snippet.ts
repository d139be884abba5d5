/**
 * The file that a proxy reads: written beside the old one, checked, put in its place, and put back when the proxy
 * does not take it.
 * @module
 */
import { startedWithout } from "../config/permissions.ts";
import type { User } from "../host/as_user.ts";
import type { Command, Run } from "../host/process.ts";
import { HEADER } from "./sites.ts";

/** What the file is for. */
export interface Snippet {
  /** Absolute. */
  file: string;
  text: string;
  /** Whom the proxy's program runs as. */
  user: User;
  /** Checks the draft, whose path is its last word; undefined where it cannot be checked by itself. */
  before?: Command["argv"];
  /** Checks the proxy's whole config with the new file in it. */
  after?: Command["argv"];
  reload: Command["argv"];
}

/** Milliseconds that checking and reloading may take each. */
const DEADLINE = 30_000;
/** The proxy's own user reads it. */
const MODE = 0o644;

/** The file's path, and what pgod keeps beside it while it is replaced. */
export function snippetPaths(file: string): [file: string, draft: string, old: string] {
  return [file, `${file}.new`, `${file}.old`];
}

/**
 * Brings the file and the proxy to what is wanted; returns whether there was anything to do.
 * @throws {Error} with one line; the old file is in its place then, and the proxy goes on with it.
 */
export async function bringSnippet(run: Run, snippet: Snippet): Promise<boolean> {
  const { file, text } = snippet;
  const [, draft, old] = snippetPaths(file);
  const now = await read(file);
  assertOwn(file, now);
  // Where an earlier pgod ended before the proxy had read it, what it had replaced is still there.
  const unread = await read(old);
  if (now === text && unread === undefined) return false;
  try {
    await write(draft, text);
    if (snippet.before) await must(run, snippet.user, snippet.before);
    if (unread === undefined) await write(old, now ?? `${HEADER}`);
    await rename(draft, file);
  } catch (error) {
    await remove(draft);
    throw error;
  }
  try {
    if (snippet.after) await must(run, snippet.user, snippet.after);
    await must(run, snippet.user, snippet.reload);
  } catch (error) {
    await rename(old, file);
    throw error;
  }
  await remove(old);
  return true;
}

/** What is in the way of writing the file, in one clause; undefined when nothing is. */
export async function snippetProblem(file: string): Promise<string | undefined> {
  try {
    assertOwn(file, await read(file));
    const directory = file.slice(0, file.lastIndexOf("/")) || "/";
    if (!(await Deno.stat(directory)).isDirectory) throw new Error(`${directory} is no directory`);
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? `there is no directory for ${file}`
      : (error as Error).message;
  }
}

function assertOwn(file: string, text: string | undefined): void {
  if (text === undefined || text.trim() === "" || text.startsWith(HEADER)) return;
  throw new Error(`${file} is there and not pgod's: name another file, or move it away`);
}

async function must(run: Run, user: User, argv: Command["argv"]): Promise<void> {
  const { code, stdout, stderr } = await run({ argv, user, deadline: DEADLINE });
  if (code === 0) return;
  const said = (stderr + stdout).trim().split("\n");
  const why = said.findLast((line) => /error|emerg|invalid|fail/i.test(line)) ?? said.at(-1);
  throw new Error(`${argv.slice(0, 2).join(" ")} failed: ${why || `exit code ${code}`}`);
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explained(error, path);
  }
}

async function write(path: string, text: string): Promise<void> {
  await remove(path);
  try {
    // Where others may write the directory, a link of theirs is not followed.
    using file = await Deno.open(path, { write: true, createNew: true, mode: MODE });
    await Deno.chmod(path, MODE);
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  } catch (error) {
    throw explained(error, path);
  }
}

async function rename(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    throw explained(error, to);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw explained(error, path);
  }
}

function explained(error: unknown, path: string): Error {
  if (error instanceof Deno.errors.NotCapable) {
    return new Error(startedWithout(`--allow-read=${path} and --allow-write=${path}`));
  }
  return new Error(`${path}: ${(error as Error).message.split("\n")[0]}`);
}
