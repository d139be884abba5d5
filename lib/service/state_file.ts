/**
 * The text of a service's state file. It lies in a directory of the service's own Unix user, who can write
 * anything there: it is checked before anything of it is believed.
 * @module
 */
import * as v from "valibot";

/** Characters of text that a person or Git chose. */
const TEXT = v.pipe(v.string(), v.maxLength(10_000));
const TIME = v.pipe(v.string(), v.isoTimestamp());
const optional = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.optional(v.nullable(schema), null);
/** JSON in a text, as the ledger keeps it. */
const json = (schema: v.GenericSchema) =>
  v.pipe(
    TEXT,
    v.check((text) => {
      const parsed = parse(text);
      return parsed !== undefined && v.is(schema, parsed);
    }),
  );

const FREEZE = v.object({ actor: TEXT, since: TIME, reason: TEXT, until: v.nullable(TIME) });
const STATE = v.object({
  live: v.nullable(v.object({
    number: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(999_999_999)),
    revision: v.pipe(v.string(), v.regex(/^[0-9a-f]{4,64}$/)),
    digest: TEXT,
  })),
  checkout: optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{4,64}$/))),
  stopped: optional(TEXT),
  halted: v.optional(json(v.array(TEXT)), "[]"),
  frozen: optional(json(FREEZE)),
});

/** What the file holds: the deployment that is live, and columns of the ledger's record. */
export type State = v.InferOutput<typeof STATE>;

/** Reads the file; undefined where it is not what pgod writes. */
export function parseState(text: string): State | undefined {
  const { success, output } = v.safeParse(STATE, parse(text));
  return success ? output : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
