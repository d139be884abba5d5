/**
 * `logging` of a compose service: drivers whose output `pgoctl logs` can show, options that stay inside Podman.
 * @module
 */
import type { Logging } from "./model.ts";
import type { Node } from "./node.ts";
import { ANY, type Reader } from "./reader.ts";

const DRIVERS = /^(json-file|k8s-file|journald|none|local)$/;
/** Options of Docker's json-file driver that podman has nothing for. */
const WITHOUT_EFFECT = ["max-file", "compress", "labels", "env", "mode", "max-buffer-size"];

/** Reads `logging`; undefined where there is none. */
export function readLogging(reader: Reader, node: Node | undefined): Logging | undefined {
  if (node === undefined || node.content === null) return undefined;
  const table = reader.tableOf(node, ["driver", "options"]);
  const named = table.get("driver");
  const driver = reader.text(named, ANY, "a driver") || "k8s-file";
  if (named && !DRIVERS.test(driver)) {
    reader.violation(
      named,
      `the logging driver ${
        JSON.stringify(driver)
      } is not supported, expected json-file, k8s-file, journald or none`,
    );
    return undefined;
  }
  const options: Record<string, string> = {};
  for (const [name, { value, node: at }] of reader.pairs(table.get("options"))) {
    if (name === "max-size") {
      if (/^\d+[kmg]?b?$/i.test(value ?? "")) options[name] = (value ?? "").replace(/b$/i, "");
      else {reader.problem(
          at,
          `${JSON.stringify(value)} is not expected here, but a size such as 10m`,
        );}
    } else if (
      name === "tag" &&
      /^([\w./-]|\{\{\.(Name|ID|FullID|ImageName|ImageID)\}\})+$/.test(value ?? "")
    ) options[name] = value ?? "";
    else if (WITHOUT_EFFECT.includes(name)) reader.note(at, `${name} has no effect with podman`);
    else reader.violation(at, `the logging option ${name}=${value} could write files of the host`);
  }
  // Podman has one file driver under both names; "local" is Docker's.
  return { driver: driver === "local" ? "k8s-file" : driver, options, at: node };
}
