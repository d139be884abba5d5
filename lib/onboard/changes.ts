/**
 * What an edit would change, as a unified diff.
 * @module
 */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { TextFile } from "../host/text_file.ts";

/** A patch from `file` to `text`, as patch(1) takes it. */
export function changes({ path, text: before, bytes }: TextFile, text: string): string {
  const from = bytes ? path : "/dev/null";
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(from, path, before, text, undefined, undefined, options);
}
