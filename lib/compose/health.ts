/**
 * `healthcheck` of a compose service.
 * @module
 */
import type { HealthCheck } from "./model.ts";
import type { Node } from "./node.ts";
import { ANY, type Reader } from "./reader.ts";

/** What a duration looks like: `30s`, `1m30s`. */
export const DURATION = /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/;

const MILLISECONDS: Record<string, number> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };

/** Milliseconds of a duration. */
export function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)].reduce(
    (sum, [, number, unit = ""]) => sum + Number(number) * (MILLISECONDS[unit] ?? 0),
    0,
  );
}

/** Milliseconds that the containers of a deployment have in all until they are well. */
export const GATE_LIMIT = 15 * 60_000;

/** Reads `healthcheck`; undefined where there is none. */
export function readHealth(reader: Reader, node: Node | undefined): HealthCheck | undefined {
  if (node === undefined || node.content === null) return undefined;
  const table = reader.tableOf(node, [
    "test",
    "interval",
    "timeout",
    "start_period",
    "start_interval",
    "retries",
    "disable",
  ]);
  const duration = (part: string) => {
    const text = reader.text(table.get(part), DURATION, "a duration such as 30s");
    if (text && milliseconds(text) > GATE_LIMIT) {
      const limit = `${GATE_LIMIT / 60_000}m`;
      reader.note(
        table.get(part) ?? node,
        `${part} of ${text} has no effect beyond ${limit}: what is not healthy ${limit} after its start has failed`,
      );
    }
    return text;
  };
  const given = table.get("test");
  const test = typeof given?.content === "string"
    ? ["CMD-SHELL", given.content]
    : reader.list(given).flatMap((item) => reader.text(item, ANY, "text") ?? []);
  const kind = test[0];
  if (given && kind !== undefined && !["NONE", "CMD", "CMD-SHELL"].includes(kind)) {
    reader.problem(given, 'expected a list that begins with "CMD", "CMD-SHELL" or "NONE"');
  } else if (given && kind !== undefined && kind !== "NONE" && test.length < 2) {
    reader.problem(given, `${kind} without a command, expected one`);
  }
  if (duration("start_interval") !== undefined) {
    reader.note(node, "start_interval has no effect: interval is used from the start");
  }
  const off = reader.flag(table.get("disable")) || kind === "NONE";
  if (!off && test.length === 0) {
    // Without a test, what it says is about the check of the image, which podman keeps as it is.
    reader.violation(
      node,
      "a healthcheck without test changes nothing here, expected test or disable",
    );
  }
  return {
    test: off || test.length === 0 ? undefined : test,
    interval: duration("interval"),
    timeout: duration("timeout"),
    startPeriod: duration("start_period"),
    retries: reader.text(table.get("retries"), /^\d{1,4}$/, "a number"),
  };
}
