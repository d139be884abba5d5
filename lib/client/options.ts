/**
 * pgoctl's command line: its own options, the target, and the command's words.
 * @module
 */
import { parseArgs } from "node:util";
import { parseTarget, type Target } from "../ssh/protocol.ts";
import { parseDuration, parsePort } from "./config_value.ts";
import { UsageError } from "./error.ts";
import { joinSplitKey } from "./identity.ts";

/** What pgoctl was asked for. */
export interface Options {
  /** `-i`: a file, or the text of a private key. */
  identity: string | undefined;
  /** Refuses hosts that are not pinned yet. */
  strict: boolean;
  /** `--known-hosts`: the one file that pins hosts. */
  knownHosts: string | undefined;
  /** `-F`: the one ssh_config file; `none` for none. */
  config: string | undefined;
  /** Errors as JSON, and `--json` for commands that know it. */
  json: boolean;
  /** Milliseconds the whole call may take. */
  timeout: number | undefined;
  /** How often `-t` was given: 1 asks for a terminal where there is one, 2 always. */
  terminal: number;
  help: boolean;
  version: boolean;
  /** `-p` */
  port: number | undefined;
  target: Target;
  /** The command's own words. */
  args: string[];
}

/** Reads the command line. @throws {UsageError} in one line. */
export function readOptions(argv: readonly string[]): Options {
  const spec = {
    identity: { type: "string", short: "i" },
    port: { type: "string", short: "p" },
    strict: { type: "boolean" },
    "known-hosts": { type: "string" },
    config: { type: "string", short: "F" },
    json: { type: "boolean" },
    timeout: { type: "string" },
    terminal: { type: "boolean", short: "t", multiple: true },
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
  } as const;
  const { own, rest } = splitAtTarget(joinSplitKey(argv));
  let values;
  try {
    ({ values } = parseArgs({ args: own, options: spec, strict: true }));
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n")[0] ?? "");
  }
  const port = values.port === undefined ? undefined : read("-p", parsePort, values.port);
  const timeout = values.timeout === undefined
    ? undefined
    : read("--timeout", parseDuration, values.timeout);
  const shown = values.help || values.version;
  const [text = shown ? "localhost:pgo//ping" : "", ...args] = rest;
  if (text === "") {
    throw new UsageError(
      "no target given, expected HOST:SERVICE//COMMAND such as localhost:pgo//ps",
    );
  }
  let target;
  try {
    target = parseTarget(text);
  } catch (error) {
    const late = text === "init"
      ? "options of init come after it: pgoctl init HOST:SERVICE -p PORT"
      : undefined;
    throw new UsageError((error as Error).message, late);
  }
  return {
    identity: values.identity,
    strict: values.strict ?? false,
    knownHosts: values["known-hosts"],
    config: values.config,
    json: values.json ?? false,
    timeout,
    terminal: values.terminal?.length ?? 0,
    help: values.help ?? false,
    version: values.version ?? false,
    port,
    target,
    args,
  };
}

function read<Value>(option: string, parse: (text: string) => Value, text: string): Value {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${option} ${(error as Error).message}`);
  }
}

const TAKE_NEXT = ["--identity", "--port", "--known-hosts", "--config", "--timeout"];

/** What follows the target is the command's, even where it looks like an option of ours. */
function splitAtTarget(argv: readonly string[]): { own: string[]; rest: string[] } {
  const own: string[] = [];
  let at = 0;
  for (; at < argv.length && argv[at]?.startsWith("-"); at++) {
    const word = argv[at] ?? "";
    const long = { "-i": "--identity", "-p": "--port", "-F": "--config" }[word] ?? word;
    const next = argv[at + 1];
    const takesNext = TAKE_NEXT.includes(long) && next !== undefined;
    // Joined with "=", since the text of a key begins with dashes like an option.
    own.push(takesNext ? `${long}=${next}` : word);
    if (takesNext) at++;
  }
  return { own, rest: argv.slice(at) };
}
