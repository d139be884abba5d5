/**
 * `healthcheck` of a compose service.
 * @module
 */
import type { Value } from "./document.ts";
import type { HealthCheck } from "./model.ts";
import type { Reader } from "./reader.ts";

/** Reads `healthcheck`; undefined where there is none. */
export function readHealth(
  reader: Reader,
  value: Value | undefined,
  key: string,
): HealthCheck | undefined {
  if (value === undefined || value === null) return undefined;
  const table = reader.table(value, key);
  for (const part of Object.keys(table)) {
    if (!["test", "interval", "timeout", "start_period", "retries", "disable"].includes(part)) {
      reader.problem(`${key}.${part}`, "is not supported yet");
    }
  }
  const duration = (part: string) =>
    reader.text(
      table[part],
      `${key}.${part}`,
      /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/,
      "a duration such as 30s",
    );
  const test = typeof table["test"] === "string"
    ? ["CMD-SHELL", table["test"]]
    : reader.texts(table["test"], `${key}.test`, /[^]?/, "text");
  if (test.length > 0 && !["NONE", "CMD", "CMD-SHELL"].includes(test[0] ?? "")) {
    reader.problem(`${key}.test`, 'expected a list that begins with "CMD", "CMD-SHELL" or "NONE"');
  }
  const off = reader.flag(table["disable"], `${key}.disable`) || test[0] === "NONE" ||
    test.length === 0;
  return {
    test: off ? undefined : test,
    interval: duration("interval"),
    timeout: duration("timeout"),
    startPeriod: duration("start_period"),
    retries: reader.text(table["retries"], `${key}.retries`, /^\d{1,4}$/, "a number"),
  };
}
