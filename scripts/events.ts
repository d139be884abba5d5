/**
 * docs/events.md, from the vocabulary.
 * @module
 */
import { FIELDS } from "../lib/event_fields.ts";
import { EVENTS } from "../lib/events.ts";

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

/** The text of docs/events.md. */
export function renderEvents(): string {
  const code = (word: string) => `\`${word}\``;
  const events = Object.entries(EVENTS).map(([name, { level, meaning, fields, optional }]) => [
    code(name),
    level,
    meaning,
    [...fields, ...optional.map((field) => `${field}?`)].map(code).join(" "),
  ]);
  const fields = Object.entries(FIELDS).map(([name, [kind, meaning]]) => [
    code(name),
    kind,
    meaning,
  ]);
  return `<!-- Written by "deno task man" from lib/events.ts and lib/event_fields.ts; do not edit. -->

# Events

\`pgod --log-format json\` and \`logfmt\` write one line for each event, on stderr. Names, levels and fields stay as they are within a major version; the message is for people and may change. A \`?\` marks a field that may be absent.

Every line about a service has \`service\`, and every line of a deployment \`deployment\` too, also those of the programs it runs. \`human\` and \`journal\` say the same for people.

\`\`\`
{"@timestamp":"2026-05-17T20:13:20.000Z","level":"INFO","message":"deployment 3: 889a2c7ff614 is live","logger":"pgo","event":"deployment.live","service":"shop","deployment":3,"revision":"889a2c7ff614…"}
time=2026-05-17T20:13:20.000Z level=info logger=pgo msg="deployment 3: 889a2c7ff614 is live" event=deployment.live service=shop deployment=3 revision=889a2c7ff614…
\`\`\`

${table([["event", "level", "means", "fields"], ...events])}

## Fields

${table([["field", "value", "means"], ...fields])}
`;
}
