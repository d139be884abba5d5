/**
 * `deno task demo`: PGO's whole job on this machine, from an empty host to a redeploy, told as it happens.
 * @module
 */
import { findPgod, PREFIX } from "./demo/pgod.ts";
import { createRun } from "./demo/run.ts";
import { type Stage, tell } from "./demo/story.ts";
import { emptyUser, foreignUser, USER } from "./demo/user.ts";

/** Held while a demo runs: the kernel lets go of it, however the demo ends. */
const LOCK = "/run/pgo-demo.lock";
const EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Runs whatever comes: it is what cleaning up needs. */
const run = createRun();

/** Why the demo does not begin, in one line; undefined when it may. */
async function refusal(): Promise<string | undefined> {
  if (Deno.uid() !== 0) {
    return "The demo needs root, on Debian 12 or newer: it installs packages and makes a user. Try: sudo npx -y deno@2 task demo";
  }
  const lock = await Deno.open(LOCK, { create: true, write: true });
  if (!await lock.tryLock(true)) return "Another demo is under way: wait for its end.";
  const pid = await findPgod(run);
  if (pid) {
    return `An earlier demo still runs, its pgod is process ${pid}; a new one would remove its containers. To end it: kill ${pid}`;
  }
  return await foreignUser(run);
}

/** Prints, where there is still a terminal: the demo cleans up after a hangup, too. */
function say(text: string, print = console.log): void {
  try {
    print(text);
  } catch { /* nobody is there to read it */ }
}

async function cleanUp({ dir, pgod }: Stage): Promise<void> {
  await pgod?.stop(run);
  await emptyUser(run);
  await run(["rm", "-rf", dir]);
  say(
    `Cleaned up. What was installed stays, and so does the user ${USER} (userdel -r ${USER}).`,
  );
}

const refused = await refusal();
if (refused) {
  console.error(refused);
  Deno.exit(1);
}
let code = 0;
const interruption = new AbortController();
for (const name of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(name, () => {
    if (interruption.signal.aborted) return;
    code = EXIT[name];
    interruption.abort(new Error(name));
    say(`\n${name}: the demo ends what is under way, and cleans up.`, console.error);
  });
}
const dir = await Deno.makeTempDir({ prefix: PREFIX });
const stage: Stage = { dir, log: `${dir}/pgod.log` };
let keep = Deno.args.includes("--keep");
try {
  const kept = await tell(stage, interruption.signal);
  if (keep) say(`Kept, as you asked: ${kept}`);
} catch (error) {
  keep = false;
  if (!interruption.signal.aborted) {
    code = 1;
    const log = await Deno.readTextFile(stage.log).catch(() => "");
    const end = log.split("\n").slice(-20).join("\n");
    say(`\nThe demo failed: ${(error as Error).message}\n`, console.error);
    say(`The end of pgod's log:\n${end}`, console.error);
  }
}
if (!keep) await cleanUp(stage);
Deno.exit(code);
