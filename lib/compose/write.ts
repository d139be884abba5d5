/**
 * Writes YAML that leaves nothing to interpret: every text quoted, every `$` doubled.
 * @module
 */
import { stringify } from "yaml";

/** What a generated file may hold; numbers are texts. */
export type Plain = string | true | null | Plain[] | { [key: string]: Plain | undefined };

/** The text of a generated file; keys without a value are left out. */
export function writeYaml(value: { [key: string]: Plain | undefined }): string {
  return stringify(literal(value), {
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "QUOTE_DOUBLE",
    lineWidth: 0,
    version: "1.1",
    aliasDuplicateObjects: false,
  });
}

/** podman-compose replaces variables in values: `$$` is the sign itself. */
function literal(value: Plain): Plain {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(literal);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, literal(item)]]
    ),
  );
}
