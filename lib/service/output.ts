/**
 * Where the output of a deployment goes: to whoever asked for it, with its end kept for the record.
 * @module
 */
import type { Sink } from "../host/streams.ts";
import type { Step } from "./ledger.ts";
import type { Service } from "./service.ts";
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

/** Characters of a line that has not ended for which the log does not wait any longer. */
const LINE = 4096;

/** {@link createOutput} of a service's work; the log has it too, line by line, shown with `-d`. */
export function serviceOutput(
  { host: { log }, config }: Pick<Service, "host" | "config">,
  stdout: Sink,
  stderr: Sink,
  signal?: AbortSignal,
): Output {
  const service = config.name;
  return createOutput(
    stdout,
    stderr,
    signal,
    (line) => log.debug("program.printed", line, { service }),
  );
}

/** An {@link Output} that passes everything on to `stdout` and `stderr`; `told` gets each line that says something. */
export function createOutput(
  stdout: Sink,
  stderr: Sink,
  signal?: AbortSignal,
  told: (line: string) => void = () => {},
): Output {
  const decoder = new TextDecoder();
  let tail = "";
  const steps: Step[] = [];
  const [out, error] = [spectator(stdout), spectator(stderr)];
  const [outLines, errorLines] = [byLine(told), byLine(told)];
  const keep = (sink: Sink, lines: Lines): Sink => (chunk) => {
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL);
    lines.take(chunk);
    return sink(chunk);
  };
  const endLines = () => {
    outLines.end();
    errorLines.end();
  };
  return {
    stdout: keep(out.sink, outLines),
    stderr: keep(error.sink, errorLines),
    signal,
    say: (line) => out.sink(new TextEncoder().encode(`${line}\n`)),
    step: (line) => {
      steps.push({ line, at: new Date().toISOString() });
      endLines();
      told(`pgod: ${line}`);
      error.sink(new TextEncoder().encode(`pgod: ${line}\n`));
    },
    steps: () => [...steps],
    tail() {
      endLines();
      return tail;
    },
    lastLine() {
      const lines = tail.split("\n").map((line) => line.trim());
      return lines.findLast((line) => /\berror\b|\bfatal\b/i.test(line)) ??
        lines.findLast((line) => line !== "" && !line.startsWith("exit code:")) ?? "";
    },
    async caughtUp() {
      endLines();
      await Promise.all([out.caughtUp(), error.caughtUp()]);
    },
  };
}

interface Lines {
  take(chunk: Uint8Array): void;
  /** What has come of a line that does not go on. */
  end(): void;
}

function byLine(told: (line: string) => void): Lines {
  const decoder = new TextDecoder();
  let rest = "";
  const tell = (line: string) => void (line.trim() && told(line.trimEnd()));
  return {
    take(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(tell);
      if (rest.length > LINE) this.end();
    },
    end() {
      tell(rest);
      rest = "";
    },
  };
}
