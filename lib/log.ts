/**
 * The one door to logging. Everything else takes a {@link Log} and does not know where lines go.
 * @module
 */
import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";

/** Machine-readable facts of a log line: numbers, strings, never a secret. */
export type Fields = Record<string, string | number | boolean | undefined>;

/** Writes log lines; every method returns at once. */
export interface Log {
  /** What only somebody looking for a fault wants to see (shown with `-d`). */
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f]/g;
const LEVELS = { debug: "DEBUG", info: "INFO ", warning: "WARN ", error: "ERROR" } as const;

/** One log line: `2023/05/17 20:13:20 [INFO ] message key=value`, control characters made visible. */
export function formatLine(record: LogRecord): string {
  const { timestamp, level } = record;
  const at = new Date(timestamp);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("/");
  const time = [two(at.getHours()), two(at.getMinutes()), two(at.getSeconds())].join(":");
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) =>
      ` ${key}=${/^[\w.:/@+-]+$/.test(String(value)) ? value : JSON.stringify(value)}`
    )
    .join("");
  const name = LEVELS[level as keyof typeof LEVELS] ?? level.toUpperCase();
  // A message can quote what a stranger sent: it must not be able to forge a line of its own.
  const text = (String(record.rawMessage) + fields).replace(
    CONTROL,
    (c) => JSON.stringify(c).slice(1, -1),
  );
  return `${date} ${time} [${name}] ${text}\n`;
}

/** Sends log lines to stderr (or to `write`); `debug` shows the debug level too. */
export function openLog(options: { debug: boolean; write?: (line: string) => void }): Log {
  const write = options.write ??
    ((line) => void Deno.stderr.writeSync(new TextEncoder().encode(line)));
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(formatLine(record)) },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
      { category: "pgo", lowestLevel: options.debug ? "debug" : "info", sinks: ["lines"] },
    ],
  });
  const logger = getLogger("pgo");
  // `{` begins a placeholder in LogTape's templates; messages here are final text.
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => logger.warn(message, fields),
    error: (message, fields) => logger.error(message, fields),
  };
}
