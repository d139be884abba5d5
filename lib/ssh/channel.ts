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

/** Writes with back-pressure: resolves when the client's window has room again. */
export function write(
  stream: {
    write(chunk: Uint8Array): boolean;
    once(event: "drain", listener: () => void): unknown;
    off(event: "drain", listener: () => void): unknown;
  },
  chunk: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("the client is gone"));
    if (stream.write(chunk)) return resolve();
    const onDrain = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = () => {
      stream.off("drain", onDrain);
      reject(new Error("the client is gone"));
    };
    stream.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** What the client sends, read only as fast as somebody takes it; a client that leaves ends it. */
export function readable(channel: Source, signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const end = () => {
        channel.off("data", onData);
        try {
          controller.close();
        } catch { /* it is closed already */ }
      };
      const onData = (chunk: Uint8Array) => {
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) channel.pause();
      };
      channel.on("data", onData);
      channel.on("end", end);
      signal.addEventListener("abort", end, { once: true });
      channel.resume();
    },
    pull: () => void channel.resume(),
    cancel: () => void channel.resume(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 }));
}
