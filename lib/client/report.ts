/**
 * What pgoctl tells of its own errors: lines for people, one JSON object for machines.
 * @module
 */
import { Buffer } from "node:buffer";
import { STATUS_TEXT } from "../ssh/status.ts";
import { type ClientError, EXIT, KIND_EXIT, STATUS_EXIT } from "./error.ts";

/** An error, as `--json` shows it. */
export interface Report {
  kind: string;
  message: string;
  hint: string | null;
  /** pgod's status; null where pgod said nothing. */
  status: number | null;
  /** pgoctl's exit code. */
  exit: number;
}

/** The report of an error of pgoctl's own. */
export function reportError(error: ClientError): Report {
  const { kind, message, hint = null } = error;
  return { kind: kind.replace(" ", "-"), message, hint, status: null, exit: KIND_EXIT[kind] };
}

/** The report of a status above 255, with the `line` pgod sent for it; `""` where it sent none. */
export function reportStatus(status: number, line: string, hint?: string): Report {
  const exit = STATUS_EXIT[status as keyof typeof STATUS_EXIT] ?? EXIT.internal;
  const kind = exit === EXIT.unauthorized
    ? "unauthorized"
    : exit === EXIT.usage
    ? "usage"
    : "failed";
  return { kind, message: line || statusLine(status), hint: hint ?? null, status, exit };
}

/** The lines people see; a status's own line has been shown by then. */
export function reportLines({ message, hint, status }: Report): string[] {
  if (status === null) return [`pgoctl: ${message}${hint ? ` (${hint})` : ""}`];
  return [statusLine(status), ...hint ? [`pgoctl: ${hint}`] : []];
}

const statusLine = (status: number) => `Process exited with status ${status}`;
const STATUS_LINE = new RegExp(`^(${Object.values(STATUS_TEXT).join("|")}): `);
/** Blank and tab: pgod indents what follows the first line of a refusal. */
const INDENT = [32, 9];

/** Passes output on, but for its end if that may be the text of a status: one line, and those indented below it. */
export class LastLine {
  #held = Buffer.alloc(0);

  constructor(readonly sink: (chunk: Uint8Array) => Promise<void>) {}

  async write(chunk: Uint8Array): Promise<void> {
    const all = Buffer.concat([this.#held, chunk]);
    const start = startOfEnd(all);
    this.#held = all.subarray(start);
    if (start > 0) await this.sink(all.subarray(0, start));
    if (this.#held.length <= 65_536) return;
    await this.sink(this.#held);
    this.#held = Buffer.alloc(0);
  }

  /** What is left: returned if it is the text of a status, else passed on. */
  async end(status: number): Promise<string> {
    const text = this.#held.toString().trimEnd();
    if (status > 255 && STATUS_LINE.test(text)) return text;
    if (this.#held.length > 0) await this.sink(this.#held);
    return "";
  }
}

/** Where the last line of `bytes` starts; or the text of a status, if all that follows its line is indented. */
function startOfEnd(bytes: Buffer): number {
  const lineBefore = (end: number) => end < 1 ? 0 : bytes.lastIndexOf(10, end - 1) + 1;
  const last = lineBefore(bytes.length - 1);
  let start = last;
  while (start > 0 && INDENT.includes(bytes[start] ?? 0)) start = lineBefore(start - 1);
  return STATUS_LINE.test(bytes.toString("latin1", start, start + 40)) ? start : last;
}
