/**
 * What is typed into a terminal that a remote program has, but for what is meant for pgoctl.
 * @module
 */

const [TILDE, DOT, NEWLINE, RETURN] = [126, 46, 10, 13];

/**
 * Passes keys on until `~.` comes at the start of a line, which calls `leave`: the way out when the other end
 * answers no more. `~~` is one `~`.
 */
export function passKeys(
  typed: ReadableStream<Uint8Array>,
  leave: () => void,
): ReadableStream<Uint8Array> {
  let atStart = true;
  let held = false;
  return typed.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        const keys: number[] = [];
        for (const key of chunk) {
          if (held && key === DOT) {
            controller.terminate();
            return leave();
          }
          if (held && key !== TILDE) keys.push(TILDE);
          const hold = atStart && !held && key === TILDE;
          if (!hold) keys.push(key);
          held = hold;
          atStart = key === NEWLINE || key === RETURN;
        }
        if (keys.length > 0) controller.enqueue(Uint8Array.from(keys));
      },
      flush(controller) {
        if (held) controller.enqueue(Uint8Array.of(TILDE));
      },
    }),
  );
}
