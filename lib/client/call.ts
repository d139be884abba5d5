/**
 * One call of pgoctl: from its options to the end of the remote command.
 * @module
 */
import { sleep } from "../host/clock.ts";
import { encodeLine } from "../ssh/protocol.ts";
import { StatusError } from "../ssh/status.ts";
import type { SignalName } from "../ssh/signals.ts";
import { type RemoteCommand, runRemote } from "./client.ts";
import { ClientError } from "./error.ts";
import { findIdentities, type Identity } from "./identities.ts";
import { passKeys } from "./keys.ts";
import type { Options } from "./options.ts";
import { pinHost } from "./pinning.ts";
import type { Screen } from "./screen.ts";
import { LastLine, type Report, reportError, reportStatus } from "./report.ts";
import { type Settings, settle, type Surroundings } from "./settings.ts";
import { namesRole, offeredHint } from "./trouble.ts";

/** What a call needs of its process. */
export interface Process extends Surroundings {
  /** Tells the user, a line at a time. */
  say(line: string): void;
  stdin(): ReadableStream<Uint8Array>;
  stdout(chunk: Uint8Array): Promise<void>;
  stderr(chunk: Uint8Array): Promise<void>;
  /** The terminal this process runs in; `forced` where there is none, too. */
  screen(forced: boolean): Screen | undefined;
  /** Gives signals that would end this process to `deliver`. */
  passSignals(deliver: (name: SignalName) => void): void;
}

/** Carries it out; the remote program's exit code, or why there is none. @throws {ClientError} before it is sent. */
export async function call(options: Options, process: Process): Promise<number | Report> {
  const { target, json, timeout } = options;
  const say = json ? () => {} : process.say;
  const settings = await settle(options, process);
  const offered: Identity[] = [];
  const stderr = new LastLine(json ? process.stderr : () => Promise.resolve());
  const late = new AbortController();
  const done = new AbortController();
  if (timeout !== undefined) void sleep(timeout, done.signal).then(() => late.abort());
  const left = new AbortController();
  try {
    const screen = lendScreen(options, process);
    const identities = await findIdentities({ ...settings.keys, say });
    const status = await runRemote({
      ...settings,
      identities,
      onOffer: (identity) => void offered.push(identity),
      unlock: async (identity) => (await import("./unlock.ts")).unlock(identity, settings, say),
      line: encodeLine({ ...target, args: await withJson(options) }),
      verifyHost: (key) => pinHost(settings.hostKeys, key, say),
      ...input(options, process, screen, () => left.abort()),
      stdout: (chunk) => process.stdout(screen?.render(chunk) ?? chunk),
      async stderr(chunk) {
        if (!json) await process.stderr(chunk);
        await stderr.write(chunk);
      },
      signal: AbortSignal.any([late.signal, left.signal]),
    });
    const line = await stderr.end(status);
    if (status <= 255) return status;
    if (status !== 401 || namesRole(line)) return reportStatus(status, line);
    // Any key that pgod knows logs in, be it another service's: the rest was never shown.
    const others = identities.length > 1 ? "; -i FILE shows another key" : "";
    return reportStatus(status, line, offeredHint(offered.slice(-1), target.service) + others);
  } catch (error) {
    if (late.signal.aborted) return reportError(tooLate(options, settings));
    if (left.signal.aborted) {
      return reportError(new ClientError("interrupted", `${settings.host}: left with ~.`));
    }
    if (!(error instanceof ClientError)) throw error;
    if (error.kind !== "unauthorized") return reportError(withPlace(error, settings));
    // The same words for a key nobody knows as pgod has for a key of another service.
    const message = `Key for user ${JSON.stringify(settings.user)} does not match any for ${
      target.service ? `name ${target.service}` : `host ${target.host}`
    }`;
    const { line } = new StatusError(401, message);
    if (!json) process.say(line);
    return reportStatus(401, line, offeredHint(offered, target.service));
  } finally {
    done.abort();
  }
}

/** The terminal that `-t` asks for, if there is one. */
function lendScreen({ terminal, json }: Options, process: Process): Screen | undefined {
  if (terminal === 0) return undefined;
  const screen = process.screen(terminal > 1);
  if (!screen && !json) {
    process.say("pgoctl: -t is ignored, stdin is no terminal (-tt asks for one all the same)");
  }
  return screen;
}

/** What the command reads, and the signals it gets. */
function input(
  { target }: Options,
  process: Process,
  screen: Screen | undefined,
  leave: () => void,
): Pick<RemoteCommand, "stdin" | "screen" | "onRunning"> {
  if (screen) return { screen, stdin: passKeys(process.stdin(), leave) };
  // Only exec reads it; anything else would swallow the input of a script that calls pgoctl.
  if (target.command !== "exec") return {};
  return { stdin: process.stdin(), onRunning: process.passSignals };
}

function tooLate({ timeout = 0 }: Options, { host }: Settings): ClientError {
  return new ClientError(
    "timeout",
    `${host} had not answered in full within --timeout ${
      timeout / 1000
    }s; the connection is closed`,
    "what changes a service may still go on: status shows it",
  );
}

/** Names the line of ssh's config that may have led to the wrong port. */
function withPlace(error: ClientError, { portFrom, port }: Settings): ClientError {
  if (error.kind !== "unreachable" || !portFrom) return error;
  const place = `port ${port} is from ${portFrom}`;
  return new ClientError(error.kind, error.message, [error.hint, place].filter(Boolean).join("; "));
}

/** The command's words, with `--json` where pgoctl was given it and the command knows it. */
async function withJson({ json, target, args }: Options): Promise<string[]> {
  if (!json || args.includes("--json")) return args;
  const { COMMAND_HELP } = await import("./pgoctl_manual.ts");
  const knows = COMMAND_HELP.some(([usage]) =>
    usage.split(" ")[0] === target.command && usage.includes("[--json]")
  );
  return knows ? ["--json", ...args] : args;
}
