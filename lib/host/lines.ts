/**
 * Output taken line by line, without keeping what was looked at.
 * @module
 */
import type { Sink } from "./streams.ts";

/** Characters that are kept of the beginning of a line, and of its end. */
const KEPT = 16 * 1024;

/** Takes output; `end` hands on the last line where nothing ends it. */
export interface LineReader {
  write: Sink;
  end(): void;
}

/** Hands each line to `each`; of one that is very long only its beginning and its end. */
export function lineReader(each: (line: string) => void): LineReader {
  const decoder = new TextDecoder();
  let rest = "";
  return {
    write(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = shorten(lines.pop() ?? "");
      for (const line of lines) each(shorten(line));
    },
    end() {
      if (rest !== "") each(rest);
    },
  };
}

function shorten(line: string): string {
  return line.length > 2 * KEPT ? line.slice(0, KEPT) + line.slice(-KEPT) : line;
}
