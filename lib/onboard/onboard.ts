/**
 * `pgod add` and `pgod remove`, from their words to their exit.
 * @module
 */
import { readAddFlags, readRemoveFlags } from "../config/edit_flags.ts";
import { createRun, type Run } from "../host/process.ts";
import type { UserSwitch } from "../host/as_user.ts";
import type { Log } from "../log.ts";
import { renderHelp } from "../manual.ts";
import { firstUnprivilegedPort, namedListeners } from "../ports/survey.ts";
import { portWarnings } from "../ports/warnings.ts";
import type { Loaded } from "../service/load.ts";
import { add, type Desk } from "./add.ts";
import { ADD_MANUAL, REMOVE_MANUAL } from "./manuals.ts";
import { pickPorts } from "./pick_ports.ts";
import { remove } from "./remove.ts";
import { terminal } from "./terminal.ts";

/** Where pgod listens unless its flags say otherwise, which are not known here. */
const SSH_PORT = 2222;

/** The commands of pgod that edit its config. */
export type EditCommand = "add" | "remove";

/** Whether a word is one of them. */
export function isEdit(word: string | undefined): word is EditCommand {
  return word === "add" || word === "remove";
}

/** Carries out `command` with the words after it. @throws what {@link add} and {@link remove} throw. */
export async function onboard(
  command: EditCommand,
  argv: readonly string[],
  log: Log,
): Promise<void> {
  const flags = command === "add" ? readAddFlags(argv) : readRemoveFlags(argv);
  const print = (text: string) => console.log(text);
  if (!flags) return print(renderHelp(command === "add" ? ADD_MANUAL : REMOVE_MANUAL));
  const how: UserSwitch = !flags.root ? "self" : Deno.uid() === 0 ? "runuser" : "sudo";
  const run = createRun({ how, log });
  const desk: Desk = { run, how, ask: terminal(), print };
  if (flags.command === "remove") return await remove(flags, desk);
  await add(flags, desk, {
    pick: (count, config) => pickPorts(run, count, config),
    warnings: (loaded, index) => warningsOf(run, loaded, index),
  });
}

async function warningsOf(
  run: Run,
  { config, users }: Pick<Loaded, "config" | "users">,
  index: number,
): Promise<string[]> {
  const listeners = await namedListeners(run, config.services[index]?.ports ?? []);
  const unprivileged = await firstUnprivilegedPort(run);
  return portWarnings(config, { users, listeners, unprivileged, ssh: SSH_PORT })
    .flatMap(({ path, message }) => path[1] === index ? [message] : []);
}
