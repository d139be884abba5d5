/**
 * A program in a terminal: `script` of util-linux holds it, since Deno has none to give.
 * @module
 */
import { join } from "shlex";
import { sleep } from "./clock.ts";
import type { Command, Run } from "./process.ts";
import type { Sink } from "./streams.ts";

/** Characters of a terminal, each at least 1. */
export interface Size {
  rows: number;
  cols: number;
}

/** Milliseconds between two changes: of two at once, Podman loses the second now and then. */
const REST = 100;

/** Somebody's screen that a program is shown on. */
export interface Screen {
  /** Calls `resize` with each new size from now on; returns the size now, undefined where none is known. */
  take(resize: (size: Size) => void): Size | undefined;
}

/** argv that runs `argv` in a new terminal, whose device is the first line it prints. */
export function terminalArgv(
  argv: readonly string[],
  size: Size | undefined,
): [string, ...string[]] {
  const sized = size ? ` rows ${size.rows} cols ${size.cols}` : "";
  // Raw, since podman makes a second terminal inside the container, which does the editing and echoing:
  // what is typed before podman is there would be done twice. Only podman's own errors are seen as text.
  const line = `tty && stty raw -echo opost${sized} && exec ${join([...argv])}`;
  return ["script", "-qfec", line, "/dev/null"];
}

/** Runs `command` with `screen` as its terminal; its stderr is that terminal too. Returns the exit code. */
export async function runInTerminal(
  run: Run,
  command: Pick<Command, "argv" | "user" | "signal"> & {
    stdin: ReadableStream<Uint8Array>;
    stdout: Sink;
  },
  screen: Screen,
): Promise<number> {
  const { user, signal, stdout } = command;
  const opened = Promise.withResolvers<void>();
  let device: string | undefined;
  let wanted: Size | undefined;
  let resizing = false;
  const resize = async (size: Size) => {
    wanted = size;
    if (resizing) return;
    resizing = true;
    await opened.promise;
    // Only the newest counts: a window that is dragged has dozens a second.
    while (wanted && device) {
      const { cols, rows } = wanted;
      wanted = undefined;
      for (const [what, count] of [["cols", cols], ["rows", rows]] as const) {
        await run({ argv: ["stty", "-F", device, what, `${count}`], user, signal }).catch(() => {});
        await sleep(REST, signal);
      }
    }
    resizing = false;
  };
  const size = screen.take((size) => void resize(size));
  try {
    const { code } = await run({
      argv: terminalArgv(command.argv, size),
      shown: command.argv,
      user,
      // The account's own shell may be none at all.
      env: { SHELL: "/bin/sh" },
      // What is typed before would be echoed in front of the device.
      stdin: command.stdin.pipeThrough(new TransformStream({ start: () => opened.promise })),
      stdout: cutFirstLine(stdout, (line) => {
        [device] = /^\/dev\/pts\/\d+$/.exec(line) ?? [];
        opened.resolve();
      }),
      stderr: stdout,
      signal,
      deadline: 0,
    });
    return code;
  } finally {
    device = undefined;
    opened.resolve();
  }
}

/** Passes on all but the first line, which is given to `take` without its end. */
function cutFirstLine(sink: Sink, take: (line: string) => void): Sink {
  let head: number[] | undefined = [];
  return async (chunk) => {
    if (!head) return await sink(chunk);
    const at = chunk.indexOf(10);
    head.push(...chunk.subarray(0, at < 0 ? chunk.length : at));
    if (at < 0) return;
    take(new TextDecoder().decode(Uint8Array.from(head)).trimEnd());
    head = undefined;
    if (at + 1 < chunk.length) await sink(chunk.subarray(at + 1));
  };
}
