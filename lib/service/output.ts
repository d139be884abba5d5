/**
 * Where the output of a deployment goes: to whoever asked for it, with its end kept for the record.
 * @module
 */
import type { Sink } from "../host/streams.ts";
import type { Step } from "./ledger.ts";
import { spectator } from "./spectator.ts";

/** Bytes of output kept to say why a step failed. */
const TAIL = 65_536;

/** Output of the steps of one deployment or command. */
export interface Output {
  /** What programs print; they never wait for whoever reads it. */
  stdout: Sink;
  stderr: Sink;
  /** Ends what may be ended half-way when whoever asked is gone. */
  signal?: AbortSignal;
  /** Prints an outcome, a line. */
  say(line: string): void;
  /** Tells the reader what is being done, in one line. */
  step(line: string): void;
  /** What was done, step by step. */
  steps(): Step[];
  /** The end of what programs printed. */
  tail(): string;
  /** The last line a program printed that says something, or `""`. */
  lastLine(): string;
  /** Resolves when whoever asked has read it all, or is gone. */
  caughtUp(): Promise<void>;
}

/** An {@link Output} that passes everything on to `stdout` and `stderr`. */
export function createOutput(stdout: Sink, stderr: Sink, signal?: AbortSignal): Output {
  const decoder = new TextDecoder();
  let tail = "";
  const steps: Step[] = [];
  const [out, error] = [spectator(stdout), spectator(stderr)];
  const keep = (sink: Sink): Sink => (chunk) => {
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL);
    return sink(chunk);
  };
  return {
    stdout: keep(out.sink),
    stderr: keep(error.sink),
    signal,
    say: (line) => out.sink(new TextEncoder().encode(`${line}\n`)),
    step: (line) => {
      steps.push({ line, at: new Date().toISOString() });
      error.sink(new TextEncoder().encode(`pgod: ${line}\n`));
    },
    steps: () => [...steps],
    tail: () => tail,
    lastLine() {
      const lines = tail.split("\n").map((line) => line.trim());
      return lines.findLast((line) => /\berror\b|\bfatal\b/i.test(line)) ??
        lines.findLast((line) => line !== "" && !line.startsWith("exit code:")) ?? "";
    },
    async caughtUp() {
      await Promise.all([out.caughtUp(), error.caughtUp()]);
    },
  };
}
