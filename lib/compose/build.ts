/**
 * `build` of a compose service: only from inside the repository.
 * @module
 */
import { posix } from "node:path";
import type { Value } from "./document.ts";
import type { Build } from "./model.ts";
import type { Reader, Table } from "./reader.ts";

/** Reads `build` in both forms; `directory` is the compose file's. */
export function readBuild(
  reader: Reader,
  value: Value | undefined,
  key: string,
  directory: string,
): Build | undefined {
  if (value === undefined || value === null) return undefined;
  const table: Table = typeof value === "string" ? { context: value } : reader.table(value, key);
  for (const part of Object.keys(table)) {
    if (!["context", "dockerfile", "target", "args"].includes(part)) {
      reader.problem(`${key}.${part}`, "a key of build that PGO does not support (yet)");
    }
  }
  const context = posix.normalize(
    posix.join(directory, reader.text(table["context"], `${key}.context`) ?? "."),
  );
  const dockerfile = reader.text(table["dockerfile"], `${key}.dockerfile`);
  const file = dockerfile && posix.normalize(posix.join(context, dockerfile));
  for (const [part, path] of [["context", context], ["dockerfile", file ?? ""]]) {
    const given = part === "context" ? table["context"] : dockerfile;
    if (/^\.\.(\/|$)/.test(path ?? "") || /^\/|:\/\/|^git@/.test(String(given ?? ""))) {
      reader.problem(
        `${key}.${part}`,
        `${JSON.stringify(given)} is outside the repository, expected a path in it`,
      );
    }
  }
  return {
    context: context.replace(/(?<=.)\/$/, ""),
    dockerfile,
    target: reader.text(table["target"], `${key}.target`, /^[\w.-]+$/, "a stage's name"),
    args: reader.pairs(table["args"], `${key}.args`),
    key,
  };
}
