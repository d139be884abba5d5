/**
 * Writes YAML that leaves nothing to interpret: every text quoted, every `$` doubled.
 * @module
 */
import "./quiet_yaml.ts";
import { stringify } from "yaml";

/** What a generated file may hold; numbers are texts. */
export type Plain = string | true | null | Plain[] | { [key: string]: Plain | undefined };

/** The text of a generated file; keys without a value are left out. */
export function writeYaml(value: { [key: string]: Plain | undefined }): string {
  const text = stringify(literal(value), {
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "QUOTE_DOUBLE",
    lineWidth: 0,
    version: "1.1",
    aliasDuplicateObjects: false,
  });
  // YAML 1.1 folds and drops some characters beyond ASCII; everything is quoted, so escapes mean the same.
  return text.replace(/[^\n\x20-\x7e]/gu, (char) => {
    const code = (char.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
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
