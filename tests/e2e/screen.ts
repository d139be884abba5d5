/**
 * A person at a terminal: programs in a tmux of the test's own, keys that are typed, and what the screen shows.
 * @module
 */
import { ok, sh, until } from "./shell.ts";

/** A terminal with a shell in it. */
export interface Screen {
  /** Types words or keys as tmux names them: `Enter`, `C-c`, `Escape`. */
  type(...keys: string[]): Promise<void>;
  /** What it shows, without the empty end of lines. */
  shows(): Promise<string>;
  /** Waits until it shows `text`. */
  wait(text: string | RegExp): Promise<void>;
  resize(cols: number, rows: number): Promise<void>;
  /** What `stty -a` says of it. */
  modes(): Promise<string>;
}

/** Opens a terminal of 100 by 30, in which `env` is set, and closes it after `body`. */
export async function withScreen(
  env: Record<string, string>,
  body: (screen: Screen) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/settings`, "set -g default-terminal xterm-256color\n");
  const tmux = ["tmux", "-f", `${dir}/settings`, "-S", `${dir}/tmux`];
  const shell = `PS1='\\$ ' exec sh`;
  const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  await ok([...tmux, "new-session", "-d", "-x", "100", "-y", "30", ...variables, shell], { env });
  // Later, since tmux 3.3 falls over it at its start: the window has the size it is told, though nobody looks.
  await ok([...tmux, "set-option", "-g", "window-size", "manual"]);
  const device = await ok([...tmux, "list-panes", "-F", "#{pane_tty}"]);
  const shows = () => ok([...tmux, "capture-pane", "-p"]);
  try {
    await body({
      type: async (...keys) => void await ok([...tmux, "send-keys", ...keys]),
      shows,
      async wait(text) {
        await until(`the screen shows ${text}`, async () => (await shows()).match(text), 20_000)
          .catch(async (error) => {
            throw new Error(`${error.message}, but\n${await shows()}`);
          });
      },
      resize: async (cols, rows) =>
        void await ok([...tmux, "resize-window", "-x", `${cols}`, "-y", `${rows}`]),
      modes: () => ok(["stty", "-a", "-F", device]),
    });
  } finally {
    await sh([...tmux, "kill-server"]);
    await Deno.remove(dir, { recursive: true });
  }
}
