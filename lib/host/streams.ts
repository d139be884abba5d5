/**
 * A child's three streams, with back-pressure in both directions.
 * @module
 */
import { sleep } from "./clock.ts";

/** Takes output as it comes; the child is not read further until the promise resolves. */
export type Sink = (chunk: Uint8Array) => void | Promise<void>;

/** Bytes of output that are collected at most. */
export const COLLECT_LIMIT = 4 * 1024 * 1024;

/** Why a program was ended that printed more than is collected. */
export const TOO_MUCH = "printed too much";

/** Writes `source` to a child's stdin and closes it; a child that stops reading early is no error. */
export async function feed(
  stdin: WritableStream<Uint8Array>,
  source: string | ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const stream = typeof source === "string" ? new Blob([source]).stream() : source;
  await stream.pipeTo(stdin, { signal }).catch(() => stdin.close().catch(() => {}));
}

/**
 * Reads `stream` to its end, or until the child has `exited` and nothing has come for a second: a
 * grandchild that inherited the pipe (a container's monitor) may hold it open for ever.
 * Returns what it collected, `limit` bytes at most, or `""` where `sink` took it. `stop` is told why it cannot go on.
 */
export async function drain(
  stream: ReadableStream<Uint8Array>,
  sink: Sink | undefined,
  exited: Promise<unknown>,
  stop: (why: string) => void,
  limit = COLLECT_LIMIT,
): Promise<string> {
  const reader = stream.getReader();
  const kept: Uint8Array[] = [];
  let size = 0;
  let reads = 0;
  let waiting = true;
  const ended = new AbortController();
  void exited.then(async () => {
    for (let seen = -1; !ended.signal.aborted; seen = reads) {
      if (waiting && seen === reads) await reader.cancel().catch(() => {});
      await sleep(1000, ended.signal);
    }
  });
  try {
    for (;;) {
      waiting = true;
      const { value } = await reader.read();
      waiting = false;
      reads++;
      if (!value) break;
      size += value.length;
      if (sink) await sink(value);
      else if (size > limit) stop(TOO_MUCH);
      else kept.push(value);
    }
  } catch {
    stop("lost its reader");
  } finally {
    ended.abort();
    void reader.cancel().catch(() => {});
  }
  return await new Blob(kept as BlobPart[]).text();
}
