/**
 * What a new service is to be: from flags, and from answers where somebody is there to be asked.
 * @module
 */
import type { AddFlags } from "../config/edit_flags.ts";
import { FlagError } from "../config/flags.ts";
import { textProblem } from "../config/schema.ts";
import type { Ask } from "./terminal.ts";

/** A new service; its ports may still have to be picked. */
export interface Wish {
  /** By key in the config, all that was given. */
  values: AddFlags["values"] & { name: string; user: string; repository: string };
  lists: AddFlags["lists"];
  /** How many ports to pick; undefined where they were given. */
  portCount: number | undefined;
  /** Whether somebody was asked, and can be asked for more. */
  asked: boolean;
}

/** How many ports a service gets unless told otherwise. */
export const PORT_COUNT = 5;

/**
 * The service that `flags` describe. Where the name or the repository is missing, `ask` is asked for all that a
 * first service needs. `readLine` is stdin's next line, for `--repository -`.
 * @throws {FlagError} when something is missing and nobody can be asked.
 */
export async function complete(
  flags: Pick<AddFlags, "values" | "lists" | "portCount">,
  ask: Ask | undefined,
  readLine: () => Promise<string | undefined>,
): Promise<Wish> {
  const given = { ...flags.values };
  if (given.repository === "-") given.repository = (await readLine())?.trim() ?? "";
  let { lists, portCount } = flags;
  const asked = given.name === undefined || given.repository === undefined;
  if (given.name === undefined || given.repository === undefined) {
    if (!ask) {
      throw new FlagError("add needs --name and --repository, or a terminal to ask for them on");
    }
    given.name ??= await insist(ask, "name", "Name of the service");
    given.user ??= await insist(ask, "user", "Unix user it runs as", given.name);
    given.repository ??= await insist(ask, "repository", "Git repository");
    given.branch ??= await insist(ask, "branch", "Branch", "main");
    if (lists.ports.length === 0) {
      portCount ??= Number(
        await question(ask, "How many host ports", `${PORT_COUNT}`, countProblem),
      );
    }
    if (lists.urls.length === 0 && portCount !== 0) {
      const url = await question(
        ask,
        "Name that leads to its first port, if any",
        "",
        () => undefined,
      );
      if (url) lists = { ...lists, urls: [url] };
    }
  }
  const { name, repository } = given;
  const values = { ...given, name, repository, user: given.user ?? name };
  const count = lists.ports.length > 0 ? undefined : portCount ?? PORT_COUNT;
  return { values, lists, portCount: count, asked };
}

/** Whether the answer is yes, which an empty one means as well. @throws {FlagError} when there is none. */
export async function confirm(ask: Ask, text: string): Promise<boolean> {
  const isAnswer = (answer: string) => /^(y|yes|n|no)$/i.test(answer) ? undefined : "yes or no?";
  return /^y/i.test(await question(ask, text, "yes", isAnswer));
}

function insist(ask: Ask, key: Parameters<typeof textProblem>[0], text: string, preset?: string) {
  return question(ask, text, preset, (answer) => textProblem(key, answer));
}

/** Asks until the answer is right. An empty one means `preset`, where there is one. */
async function question(
  ask: Ask,
  text: string,
  preset: string | undefined,
  problem: (answer: string) => string | undefined,
): Promise<string> {
  for (let hint = "";;) {
    const answer = await ask(`${hint}${text}${preset ? ` [${preset}]` : ""}: `);
    if (answer === undefined) {
      throw new FlagError("the answers ended too early, nothing was changed");
    }
    const value = answer.trim() || preset;
    const wrong = value === undefined ? "it is needed" : problem(value);
    if (value !== undefined && wrong === undefined) return value;
    hint = `  ${wrong}\n`;
  }
}

function countProblem(text: string): string | undefined {
  return /^\d{1,3}$/.test(text) ? undefined : `${JSON.stringify(text)} is no number from 0 to 999`;
}
