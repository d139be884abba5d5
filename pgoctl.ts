#!/usr/bin/env -S sh -c 'exec deno run --no-prompt --allow-net --allow-read --allow-write="$HOME/.ssh${SSH_AUTH_SOCK:+,$SSH_AUTH_SOCK}" --allow-env=HOME,LOGNAME,PGOCTL_HOST_KEY,PGOCTL_ID,SSH_AUTH_SOCK,TERM,USER "$0" "$@"'
/**
 * pgoctl: operates a service of a pgod. Flags, wiring, exit code.
 * @module
 */
import { call } from "./lib/client/call.ts";
import { ClientError, EXIT, UsageError } from "./lib/client/error.ts";
import { passSignals } from "./lib/client/interrupt.ts";
import { readOptions } from "./lib/client/options.ts";
import { type Report, reportError, reportLines } from "./lib/client/report.ts";
import { ownScreen } from "./lib/client/screen.ts";

/** Runs pgoctl with `argv`; returns its exit code. */
async function main(argv: string[]): Promise<number> {
  const options = readOptions(argv);
  if (options.help) {
    const { renderHelp } = await import("./lib/manual.ts");
    const { PGOCTL_MANUAL } = await import("./lib/client/pgoctl_manual.ts");
    console.log(renderHelp(PGOCTL_MANUAL));
    return 0;
  }
  if (options.version) {
    const { LONG_VERSION } = await import("./lib/version.ts");
    console.log(`pgoctl ${LONG_VERSION}`);
    return 0;
  }
  const end = await call(options, {
    env: (name) => ENV.includes(name) ? Deno.env.get(name) : undefined,
    read: readIfThere,
    say: (line) => console.error(line),
    stdin: () => Deno.stdin.readable,
    stdout: (chunk) => writeAll(Deno.stdout, chunk),
    stderr: (chunk) => writeAll(Deno.stderr, chunk),
    screen: (forced) => ownScreen(forced, Deno.env.get("TERM")),
    passSignals,
  });
  if (typeof end === "number") return end;
  return tell(end, options.json);
}

/** The variables pgoctl may read. */
const ENV = ["HOME", "LOGNAME", "PGOCTL_HOST_KEY", "PGOCTL_ID", "SSH_AUTH_SOCK", "USER"];

function readIfThere(path: string, owned: boolean): string | undefined {
  try {
    if (owned && ((Deno.statSync(path).mode ?? 0) & 0o022) !== 0) {
      throw new UsageError(`${path} can be written by others: chmod go-w it`);
    }
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function writeAll(
  to: { write(chunk: Uint8Array): Promise<number> },
  chunk: Uint8Array,
): Promise<void> {
  for (let at = 0; at < chunk.length;) at += await to.write(chunk.subarray(at));
}

function tell(report: Report, json: boolean): number {
  if (json) console.error(JSON.stringify(report));
  else for (const line of reportLines(report)) console.error(line);
  return report.exit;
}

/** `pgoctl init`, loaded only where it is wanted. */
async function setUp(argv: string[]): Promise<number> {
  const { initMain } = await import("./lib/init/main.ts");
  const end = await initMain(argv, Deno.env.get("HOME") ?? "");
  return typeof end === "number" ? end : tell(end, argv.includes("--json"));
}

try {
  const [word, ...rest] = Deno.args;
  Deno.exit(await (word === "init" ? setUp(rest) : main(Deno.args)));
} catch (error) {
  if (error instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.internal);
  const known = error instanceof ClientError ? reportError(error) : {
    kind: "failed",
    message: error instanceof Error ? error.message : String(error),
    hint: null,
    status: null,
    exit: EXIT.internal,
  };
  // The command line may be what could not be read.
  Deno.exit(tell(known, Deno.args.includes("--json")));
}
