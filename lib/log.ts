/**
 * The one door to logging. Everything else takes a {@link Log} and does not know where lines go.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  configureSync,
  getJsonLinesFormatter,
  getLogfmtFormatter,
  getLogger,
  type LogRecord,
  withContext,
} from "@logtape/logtape";
import type { About, EventName, FieldsOf, Level } from "./events.ts";
import type { LogFormat } from "./log_format.ts";
import { visible } from "./visible.ts";

type Tell<Loud extends Level> = <Name extends EventName<Loud>>(
  event: Name,
  message: string,
  ...fields: Record<never, never> extends FieldsOf<Name> ? [fields?: FieldsOf<Name>]
    : [fields: FieldsOf<Name>]
) => void;

/** Writes log lines; every method returns at once. The message is for people, the rest for machines. */
export interface Log {
  /** What only somebody looking for a fault wants to see (shown with `-d`). */
  debug: Tell<"debug">;
  info: Tell<"info">;
  warn: Tell<"warn">;
  error: Tell<"error">;
}

const LEVELS = { debug: "DEBUG", info: "INFO ", warning: "WARN ", error: "ERROR" } as const;
const PRIORITIES = { debug: 7, info: 6, warning: 4, error: 3 } as const;

/** One log line: `2023/05/17 20:13:20 [INFO ] service: message key=value`, control characters made visible. */
function humanLine(record: LogRecord): string {
  const { timestamp, level } = record;
  const at = new Date(timestamp);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("/");
  const time = [two(at.getHours()), two(at.getMinutes()), two(at.getSeconds())].join(":");
  const name = LEVELS[level as keyof typeof LEVELS] ?? level.toUpperCase();
  return `${date} ${time} [${name}] ${text(record)}\n`;
}

/** The priority that journald takes off the line, and the text. */
function journalLine(record: LogRecord): string {
  const priority = PRIORITIES[record.level as keyof typeof PRIORITIES] ?? PRIORITIES.error;
  return `<${priority}>${text(record)}\n`;
}

/**
 * Service, message, and those fields whose values the message does not say itself; always the deployment, so that one
 * search finds all that was done for it.
 */
function text({ rawMessage, properties }: LogRecord): string {
  const message = String(rawMessage);
  const { event: _, service, ...others } = properties;
  const isName = typeof service === "string" && /^[\w-]+$/.test(service);
  const prefix = isName && !message.includes(`"${service}"`) ? `${service}: ` : "";
  const words = new Set(message.split(/[\s"',;:()]+/));
  const fields = Object.entries(isName ? others : { service, ...others })
    .filter(([key, value]) =>
      value !== undefined && (key === "deployment" || !words.has(String(value)))
    )
    .map(([key, value]) =>
      ` ${key}=${/^[\w.:/@+-]+$/.test(String(value)) ? value : JSON.stringify(value)}`
    )
    .join("");
  // A message can quote what a stranger sent: it must not be able to forge a line of its own.
  return visible(prefix + message + fields);
}

const FORMATTERS: Record<LogFormat, (record: LogRecord) => string> = {
  human: humanLine,
  journal: journalLine,
  // `{` begins a placeholder in LogTape's templates; messages here are final text.
  json: getJsonLinesFormatter({ message: "template", properties: "flatten" }),
  logfmt: getLogfmtFormatter({ message: "template" }),
};

/** Sends log lines to stderr (or to `write`); `debug` shows the debug level too. */
export function openLog(
  options: { debug: boolean; format?: LogFormat; write?: (line: string) => void },
): Log {
  const write = options.write ??
    ((line) => void Deno.stderr.writeSync(new TextEncoder().encode(line)));
  const format = FORMATTERS[options.format ?? "human"];
  const trouble: EventName = "log.trouble";
  configureSync({
    reset: true,
    contextLocalStorage: new AsyncLocalStorage(),
    sinks: {
      lines: (record) => write(format(record)),
      meta: ({ message, ...record }) =>
        write(format({
          ...record,
          message,
          rawMessage: message.join(""),
          properties: { event: trouble },
        })),
    },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["meta"] },
      { category: "pgo", lowestLevel: options.debug ? "debug" : "info", sinks: ["lines"] },
    ],
  });
  const logger = getLogger("pgo");
  const named = (event: string, fields: object | undefined) => ({
    event,
    ...Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)),
  });
  return {
    debug: (event, message, fields?) => logger.debug(message, named(event, fields)),
    info: (event, message, fields?) => logger.info(message, named(event, fields)),
    warn: (event, message, fields?) => logger.warn(message, named(event, fields)),
    error: (event, message, fields?) => logger.error(message, named(event, fields)),
  };
}

/** Carries out `body`: every line it logs, then or later, says which service and deployment it is about. */
export function about<Value>(work: About, body: () => Value): Value {
  return withContext({ ...work }, body);
}
