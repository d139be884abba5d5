/**
 * `~/.ssh/config` and `/etc/ssh/ssh_config`: what they say of one host, first word first, as ssh reads them.
 * @module
 */
import { dirname } from "node:path";
import { matchesAny, readLine } from "./config_line.ts";
import { type Answer, type Circumstances, judgeMatch } from "./config_match.ts";
import { UsageError } from "./error.ts";

/** The keywords that pgoctl honours. */
export const KEYWORDS = [
  "addressfamily",
  "batchmode",
  "canonicalizehostname",
  "connecttimeout",
  "globalknownhostsfile",
  "hashknownhosts",
  "hostkeyalias",
  "hostname",
  "identitiesonly",
  "identityagent",
  "identityfile",
  "port",
  "proxycommand",
  "proxyjump",
  "stricthostkeychecking",
  "user",
  "userknownhostsfile",
] as const;

/** One of {@link KEYWORDS}. */
export type Keyword = typeof KEYWORDS[number];

/** What the files say: the words of each keyword, and where, as `FILE:LINE`. Only `identityfile` adds up. */
export type Said = Map<Keyword, { words: string[]; where: string }>;

/** Whom the question is about. */
export interface Subject {
  /** As typed. */
  host: string;
  /** As typed, before the `@`. */
  user: string | undefined;
  localUser: string;
  home: string;
}

/** The files, as this module needs them. */
export interface Files {
  /** undefined where there is none. @throws {Error} when it cannot be read. */
  read(path: string): string | undefined;
  /** Paths that fit a pattern, sorted. */
  glob(pattern: string): string[];
}

/** How deep files may include others; OpenSSH's own bound. */
const DEPTH = 16;

/**
 * Reads `paths`, one after the other. @throws {UsageError} with file and line for what is wrong, and for a
 * `Match` that only a program could decide, where it would matter.
 */
export function readSshConfig(paths: readonly string[], subject: Subject, files: Files): Said {
  const said: Said = new Map();
  let twice = false;
  const pass = (finalPass: boolean) => {
    for (const path of paths) {
      const folder = path.startsWith("/etc/") ? dirname(path) : `${subject.home}/.ssh`;
      const reader = { subject, files, said, finalPass, folder, wantsFinal: () => twice = true };
      readFile(reader, path, "yes", 0);
    }
  };
  pass(false);
  const canonical = said.get("canonicalizehostname")?.words[0]?.toLowerCase() ?? "no";
  if (twice || canonical !== "no") pass(true);
  return said;
}

interface Reader {
  subject: Subject;
  files: Files;
  said: Said;
  finalPass: boolean;
  /** Where relative includes are. */
  folder: string;
  wantsFinal(): void;
}

function readFile(reader: Reader, path: string, within: Answer, depth: number): void {
  const text = reader.files.read(path);
  if (text === undefined) return;
  if (depth > DEPTH) throw new UsageError(`${path}: too many files include each other`);
  let active = within;
  text.split("\n").forEach((raw, index) => {
    const where = `${path}:${index + 1}`;
    try {
      const line = readLine(raw);
      if (!line) return;
      const { keyword, args } = line;
      if (keyword === "host") active = both(within, yesNo(matchesAny(reader.subject.host, args)));
      else if (keyword === "match") {
        const answer = judgeMatch(args, circumstances(reader), reader.wantsFinal);
        active = both(within, answer);
      } else if (keyword === "include") {
        for (const file of args.flatMap((arg) => included(reader, arg))) {
          readFile(reader, file, active, depth + 1);
        }
      } else if (isKeyword(keyword) && active !== "no") {
        take(reader.said, keyword, args, where, active);
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${where}: ${(error as Error).message}`);
    }
  });
}

function take(said: Said, keyword: Keyword, args: string[], where: string, active: Answer): void {
  const before = said.get(keyword);
  if (before && keyword !== "identityfile") return;
  if (active === "unknown") {
    throw new UsageError(
      `${where}: whether this ${keyword} holds depends on a Match that pgoctl cannot judge`,
      "it runs no programs; -F FILE reads another config, -F none none",
    );
  }
  const many = ["userknownhostsfile", "globalknownhostsfile"].includes(keyword);
  if (!many && args.length > 1) throw new Error(`more than one word after ${keyword}`);
  const words = [...before?.words ?? [], ...args.filter((arg) => !before?.words.includes(arg))];
  said.set(keyword, { words, where });
}

function circumstances({ subject, said, finalPass }: Reader): Circumstances {
  const named = said.get("hostname")?.words[0];
  return {
    host: named?.replace(/%([%h])/g, (_, token) => token === "h" ? subject.host : "%") ??
      subject.host,
    originalHost: subject.host,
    user: subject.user ?? said.get("user")?.words[0] ?? subject.localUser,
    localUser: subject.localUser,
    finalPass,
  };
}

function included({ subject, files, folder }: Reader, arg: string): string[] {
  const path = arg.startsWith("~/") ? `${subject.home}${arg.slice(1)}` : arg;
  return files.glob(path.startsWith("/") ? path : `${folder}/${path}`);
}

function both(one: Answer, other: Answer): Answer {
  if (one === "no" || other === "no") return "no";
  return one === "yes" && other === "yes" ? "yes" : "unknown";
}

const yesNo = (condition: boolean): Answer => condition ? "yes" : "no";

function isKeyword(word: string): word is Keyword {
  return (KEYWORDS as readonly string[]).includes(word);
}
