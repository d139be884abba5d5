/**
 * Text that somebody else chose, made fit to be shown.
 * @module
 */

// What ends a line, steers a terminal, or turns the order of what is read around.
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** `text` as one line in which control characters are seen (`\u001b`) and do nothing. */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) => {
    const shown = JSON.stringify(character).slice(1, -1);
    return shown === character
      ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
      : shown;
  });
}

/** The same for text of several lines, which stay apart. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}
