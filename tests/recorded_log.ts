/**
 * A log for tests that ask what was logged.
 * @module
 */
import type { EventName } from "../lib/events.ts";
import type { Log } from "../lib/log.ts";

/** One line. */
export interface Recorded {
  event: EventName;
  message: string;
  fields: Record<string, unknown>;
}

/** A log that keeps its lines in order, of `names` only where some are given. */
export function recordedLog(...names: EventName[]): { log: Log; lines: Recorded[] } {
  const lines: Recorded[] = [];
  const keep = (event: EventName, message: string, ...[fields = {}]: unknown[]) => {
    if (names.length > 0 && !names.includes(event)) return;
    lines.push({ event, message, fields: fields as Record<string, unknown> });
  };
  return { log: { debug: keep, info: keep, warn: keep, error: keep }, lines };
}
