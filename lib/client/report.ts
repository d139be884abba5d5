/**
 * What pgoctl tells of its own errors: lines for people, one JSON object for machines.
 * @module
 */
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

/** Passes output on, but for a last line that may be the text of a status. */
export class LastLine {
  #held = new Uint8Array();

  constructor(readonly sink: (chunk: Uint8Array) => Promise<void>) {}

  async write(chunk: Uint8Array): Promise<void> {
    const all = new Uint8Array([...this.#held, ...chunk]);
    const start = all.lastIndexOf(10, all.length - 2) + 1;
    this.#held = all.subarray(start);
    if (start > 0) await this.sink(all.subarray(0, start));
    if (this.#held.length <= 65_536) return;
    await this.sink(this.#held);
    this.#held = new Uint8Array();
  }

  /** What is left: returned if it is the text of a status, else passed on. */
  async end(status: number): Promise<string> {
    const text = new TextDecoder().decode(this.#held).trimEnd();
    if (status > 255 && STATUS_LINE.test(text)) return text;
    if (this.#held.length > 0) await this.sink(this.#held);
    return "";
  }
}
