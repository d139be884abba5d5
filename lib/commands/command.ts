/**
 * What a command is, and how its options and arguments are read.
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Sink } from "../host/streams.ts";
import type { Service } from "../service/service.ts";
import type { Role } from "../ssh/access.ts";
import type { SignalName } from "../ssh/signals.ts";
import { StatusError } from "../ssh/status.ts";
import type { Terminal } from "../ssh/terminal.ts";

/** An option a command takes. */
export interface Option {
  /** Without dashes: `follow`. */
  name: string;
  /** One letter: `f`. */
  short?: string;
  /** Placeholder of its value: `N`; undefined for a switch. */
  value?: string;
  summary: string;
  /** What a value has to look like; default: anything that does not begin with `-`. */
  pattern?: RegExp;
  multiple?: boolean;
}

/** One run of a command. */
export interface Call {
  service: Service;
  args: string[];
  /** Values by option name; switches are `"true"`. */
  options: ReadonlyMap<string, string[]>;
  /** Fingerprint and comment of the key that asked. */
  actor: string;
  stdin: ReadableStream<Uint8Array>;
  stdout: Sink;
  stderr: Sink;
  /** Aborts when whoever asked is gone. */
  signal: AbortSignal;
  /** Tells the log which deployment the command has made or gone back to. */
  deploys(deployment: number): void;
  /** The terminal of whoever asked; undefined: there is none. */
  terminal: Terminal | undefined;
  /** From now on `take` gets the signals (`INT`, …) of whoever asked; until then any of them ends the command. */
  takeSignals(take: (name: SignalName) => void): void;
}

/** What may be asked of a service over SSH. */
export interface Command {
  name: string;
  /** What a key has to be allowed for it. */
  role: Role;
  summary: string;
  /** Placeholder of its arguments: `[SERVICE…]`; `""` for none. */
  args: string;
  /** How many arguments it takes: at least, at most. */
  arity: [number, number];
  options: Option[];
  /** All from the first argument on belongs to the program it runs, options too. */
  passthrough?: boolean;
  /** Returns the exit code. @throws {StatusError} for bad input, `Error` with one line when it fails. */
  run(call: Call): Promise<number>;
}

/** `logs [-f] [-n N] [SERVICE…]`. */
export function usage({ name, options, args }: Pick<Command, "name" | "options" | "args">): string {
  const words = options.map(({ name, short, value }) =>
    `[${short ? `-${short}` : `--${name}`}${value ? ` ${value}` : ""}]`
  );
  return [name, ...words, ...(args ? [args] : [])].join(" ");
}

/** Sorts `words` into options and arguments. @throws {StatusError} 400 that lists what the command takes. */
export function readWords(
  command: Pick<Command, "name" | "options" | "args" | "arity" | "passthrough">,
  words: readonly string[],
): Pick<Call, "args" | "options"> {
  const refuse = (why: string) => new StatusError(400, `${why}, usage: ${describe(command)}`);
  const options = Object.fromEntries(command.options.map(({ name, short, value }) => [
    name,
    { type: value ? "string" : "boolean", multiple: true, ...(short ? { short } : {}) } as const,
  ])) satisfies ParseArgsConfig["options"];
  const { tokens } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const first = tokens.find(({ kind }) => kind === "positional");
  const split = command.passthrough && first ? first.index : words.length;
  let parsed;
  try {
    parsed = parseArgs({
      args: words.slice(0, split),
      options,
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    throw refuse((error as Error).message.split(/[.\n]/)[0] ?? "bad options");
  }
  const args = [...parsed.positionals, ...words.slice(split)];
  const values = new Map<string, string[]>();
  for (const { name, pattern = /^(?!-)/ } of command.options) {
    const given = parsed.values[name];
    if (!Array.isArray(given)) continue;
    values.set(name, given.map(String));
    const bad = given.map(String).find((value) => !pattern.test(value));
    if (bad !== undefined) throw refuse(`--${name} does not take ${JSON.stringify(bad)}`);
  }
  const [least, most] = command.arity;
  if (args.length < least) throw refuse(`${command.name} needs ${command.args}`);
  if (args.length > most) throw refuse(`${command.name} takes no ${JSON.stringify(args[most])}`);
  return { args, options: values };
}

function describe(command: Parameters<typeof usage>[0]): string {
  const options = command.options.map(({ name, short, value, summary }) =>
    `  ${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}: ${summary}`
  );
  return [usage(command), ...options].join("\n");
}

/** The one value of an option, if it was given. */
export function value(call: Pick<Call, "options">, name: string): string | undefined {
  return call.options.get(name)?.at(-1);
}

/** Prints text to whoever asked. */
export async function print(call: Pick<Call, "stdout">, text: string): Promise<void> {
  await call.stdout(new TextEncoder().encode(text));
}
