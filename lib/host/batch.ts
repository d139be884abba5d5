/**
 * Several commands for the price of one: what is asked at every tick of every service should not start a user
 * switcher for each question.
 * @module
 */
import { join } from "shlex";
import type { Command, Outcome, Run } from "./process.ts";

/** Ends each part of the output; none of the programs asked here prints a NUL. */
const END = "\0";

/**
 * Runs `commands` one after the other as one process of `user`, whatever each ends with; their outcomes, in order.
 * They share the environment and stdin, which the first that reads it takes.
 * @throws {ProcessError} when it could not run or was ended early.
 */
export async function batch(
  run: Run,
  commands: readonly Command["argv"][],
  more: Pick<Command, "user" | "env" | "stdin" | "deadline" | "signal">,
): Promise<Outcome[]> {
  const script = commands.map((argv) =>
    `${join([...argv])}; printf '\\0%s\\0' "$?"; printf '\\0' >&2`
  );
  const { stdout, stderr } = await run({ ...more, argv: ["sh", "-c", script.join("\n")] });
  const parts = stdout.split(END);
  const errors = stderr.split(END);
  return commands.map((_, at) => ({
    code: Number(parts[2 * at + 1] ?? 1),
    stdout: parts[2 * at] ?? "",
    stderr: errors[at] ?? "",
  }));
}
