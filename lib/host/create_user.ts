/**
 * A Unix user made able to run rootless containers, as scripts/prepare-host.sh does it.
 * @module
 */
import { runtimeDirectory, type User } from "./as_user.ts";
import { sleep } from "./clock.ts";
import type { Run } from "./process.ts";
import { findAccount, makeDirectory } from "./users.ts";

/** Where each user's range of subordinate ids is, and what gives one. */
const RANGES = [["/etc/subuid", "--add-subuids"], ["/etc/subgid", "--add-subgids"]] as const;
/** How many ids a range has, and the first one that may be given. */
const SIZE = 65536;
const FIRST = 100000;

/**
 * Creates user `name` where there is none, gives it subordinate ids where it has none, and a runtime directory that
 * outlives its sessions. Safe to repeat. Returns what was done, one clause each.
 * @throws {Error} with one line; what was done before stays.
 */
export async function createUser(run: Run, name: string): Promise<string[]> {
  const done: string[] = [];
  const must = async (did: string, ...argv: [string, ...string[]]) => {
    const { code, stderr } = await run({ argv });
    const [line] = stderr.trim().split("\n");
    if (code !== 0) throw new Error(`${argv.join(" ")}: ${line || `exited with ${code}`}`);
    done.push(did);
  };
  const passwd = async () =>
    (await run({ argv: ["getent", "passwd", "--", name] })).stdout.split(":");
  if ((await passwd())[0] !== name) {
    await must(`created user ${name}`, "useradd", "--create-home", "--shell", "/bin/bash", name);
  }
  const [, , uid] = await passwd();
  if (uid === "0") throw new Error(`user "${name}" is root: services run as ordinary users`);
  const texts = await Promise.all(RANGES.map(([file]) => Deno.readTextFile(file).catch(() => "")));
  const first = nextSubordinateId(texts);
  for (const [at, [file, option]] of RANGES.entries()) {
    const has = texts[at]?.split("\n").some((line) =>
      line.startsWith(`${name}:`) || line.startsWith(`${uid}:`)
    );
    const range = `${first}-${first + SIZE - 1}`;
    if (!has) await must(`gave it ${range} in ${file}`, "usermod", option, range, name);
  }
  const { user, problem } = await findAccount(run, name);
  if (!user) throw new Error(problem);
  await linger(run, user, must);
  return done;
}

/** The first id after every range of /etc/subuid and /etc/subgid, whose texts are given. */
export function nextSubordinateId(texts: readonly string[]): number {
  const ends = texts.join("\n").split("\n").map((line) => {
    const [, first, count] = line.split(":");
    return Number(first) + Number(count);
  });
  return Math.max(FIRST, ...ends.filter((end) => Number.isFinite(end)));
}

/** A login manager keeps the runtime directory over reboots; where there is none, it is made for this boot. */
async function linger(
  run: Run,
  user: User,
  must: (did: string, ...argv: [string, ...string[]]) => Promise<void>,
): Promise<void> {
  const path = runtimeDirectory(user);
  const isThere = async () => (await Deno.stat(path).catch(() => undefined))?.uid === user.uid;
  const lingers = await run({ argv: ["loginctl", "enable-linger", user.name] }).then(
    ({ code }) => code === 0,
    () => false,
  );
  for (let tries = 0; lingers && tries < 50 && !(await isThere()); tries++) await sleep(200);
  if (await isThere()) return;
  await must(`made ${path}`, "install", "-d", "-m", "755", "/run/user");
  await makeDirectory(run, path, user);
}
