/**
 * What PGO makes of a compose file, for people and for machines.
 * @module
 */
import "./quiet_yaml.ts";
import { stringify } from "yaml";
import type { Model } from "./model.ts";
import { type Finding, formatFinding, isRefused } from "./problem.ts";
import { showModel, type Shown } from "./show.ts";

/** A resolved and judged compose file. */
export interface Verdict {
  /** undefined when it cannot be read. */
  model: Model | undefined;
  findings: readonly Finding[];
}

/** The verdict as JSON: `{ verdict, findings, model }`. */
export function verdictJson({ model, findings }: Verdict): { [key: string]: unknown } {
  return {
    verdict: isRefused(findings) ? "refused" : "allowed",
    findings,
    model: model ? showModel(model) : null,
  };
}

/** The verdict as YAML: findings as comments, then the model in the Compose Specification's long form. */
export function verdictText({ model, findings }: Verdict): string {
  const refusing = findings.filter(({ kind }) => kind !== "note");
  const head = refusing.length === 0
    ? "allowed"
    : `refused: ${refusing.length} finding${refusing.length > 1 ? "s" : ""}`;
  const lines = [head, ...findings.map((one) => `${one.kind}: ${formatFinding(one)}`)];
  const shown = model
    ? stringify(without(showModel(model)), { lineWidth: 0, aliasDuplicateObjects: false })
    : "";
  return lines.map((line) => `# ${line.replaceAll("\n", " ")}\n`).join("") + shown;
}

/** Without keys that have no value. */
function without(value: Shown): Shown {
  if (Array.isArray(value)) return value.map(without);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined).map((
      [name, item],
    ) => [name, without(item)]),
  );
}
