/**
 * Where the output of a deployment goes: to whoever asked for it, with its end kept for the record.
 * @module
 */
import type { Sink } from "../host/streams.ts";
import type { Step } from "./ledger.ts";

/** Bytes of output kept to say why a step failed. */
const TAIL = 65_536;

/** Output of the steps of one deployment or command. */
export interface Output {
  /** What programs print. */
  stdout: Sink;
  stderr: Sink;
  /** Ends the programs when whoever asked is gone; undefined where a deployment goes on regardless. */
  signal?: AbortSignal;
  /** Tells the reader what is being done, in one line. */
  step(line: string): void;
  /** What was done, step by step. */
  steps(): Step[];
  /** The end of what programs printed. */
  tail(): string;
  /** The last line a program printed that says something, or `""`. */
  lastLine(): string;
}

/** An {@link Output} that passes everything on to `stdout` and `stderr`. */
export function createOutput(stdout: Sink, stderr: Sink, signal?: AbortSignal): Output {
  const decoder = new TextDecoder();
  let tail = "";
  const steps: Step[] = [];
  const keep = (sink: Sink): Sink => (chunk) => {
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL);
    return sink(chunk);
  };
  return {
    stdout: keep(stdout),
    stderr: keep(stderr),
    signal,
    step: (line) => {
      steps.push({ line, at: new Date().toISOString() });
      void Promise.resolve(stderr(new TextEncoder().encode(`pgod: ${line}\n`))).catch(() => {});
    },
    steps: () => [...steps],
    tail: () => tail,
    lastLine() {
      const lines = tail.split("\n").map((line) => line.trim());
      return lines.findLast((line) => /\berror\b|\bfatal\b/i.test(line)) ??
        lines.findLast((line) => line !== "" && !line.startsWith("exit code:")) ?? "";
    },
  };
}
