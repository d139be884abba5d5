/**
 * How single values of the config file are read; shared by its tables.
 * @module
 */
import * as v from "valibot";

/** A string; `expected` is what the message asks for. */
export const text = (expected: string) =>
  v.string((issue) => `${issue.received} given, expected ${expected}`);

/** A string that `parse` accepts, turned into what `parse` makes of it. */
export function parsed<Value>(expected: string, parse: (text: string) => Value) {
  return v.pipe(
    text(expected),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        addIssue({ message: (error as Error).message });
        return NEVER;
      }
    }),
  );
}

/** A list; `expected` names its items in the plural. */
export const listOf = <Item extends v.GenericSchema>(item: Item, expected: string) =>
  v.array(item, (issue) => `${issue.received} given, expected a list of ${expected}`);

/** Whether a relative path stays where it starts, and outside `.git`. */
export function isInsidePath(path: string): boolean {
  const steps = path.split("/");
  // deno-lint-ignore no-control-regex
  return !/[\x00-\x1f\x7f]/.test(path) &&
    steps.every((step) => !["", ".", "..", ".git"].includes(step));
}

/** An absolute path such as `example`. */
export const absolutePath = (example: string) =>
  v.pipe(
    text(`an absolute path such as ${JSON.stringify(example)}`),
    v.check(
      (path) => path.length > 1 && path.startsWith("/") && isInsidePath(path.slice(1)),
      (issue) =>
        `${issue.received} is no absolute path, expected one such as ${
          JSON.stringify(example)
        } (no "..", no "/" at the end)`,
    ),
  );
