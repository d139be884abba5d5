/**
 * A channel's streams, with back-pressure in both directions.
 * @module
 */

interface Source {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  off(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** Resolves when the client has been sent all that was written, or is gone. */
export function flush(
  stream: { end(done: () => void): unknown },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    stream.end(resolve);
  });
}

/**
 * What the client sends, read only as fast as somebody takes it; a client that leaves ends it, and what is
 * cancelled is dropped from then on. `count` is told how many bytes came.
 */
export function readable(
  channel: Source,
  signal: AbortSignal,
  count: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  let stop = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onData = (chunk: Uint8Array) => {
        count(chunk.length);
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) channel.pause();
      };
      stop = () => {
        channel.off("data", onData);
        stop = () => {};
      };
      const end = () => {
        stop();
        try {
          controller.close();
        } catch { /* it is closed already */ }
      };
      channel.on("data", onData);
      channel.on("end", end);
      signal.addEventListener("abort", end, { once: true });
      channel.resume();
    },
    pull: () => void channel.resume(),
    cancel() {
      stop();
      channel.resume();
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 }));
}
