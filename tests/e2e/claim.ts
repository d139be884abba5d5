/**
 * Users are emptied after each test: two runs at once, with the same users, would take each other's containers away.
 * @module
 */
import { tmpdir } from "node:os";

const claims = new Map<string, Promise<void>>();

/** Waits until no other process tests with these users, and keeps them until this one ends. */
export async function claim(users: readonly string[]): Promise<void> {
  // In one order, so that nobody waits for somebody who waits for him.
  for (const user of [...users].sort()) {
    const claimed = claims.get(user) ?? take(user);
    claims.set(user, claimed);
    await claimed;
  }
}

async function take(user: string): Promise<void> {
  const path = `${tmpdir()}/pgo-tests-${user}.lock`;
  const file = await Deno.open(path, { create: true, read: true, write: true });
  if (!await file.tryLock(true)) {
    const holder = await Deno.readTextFile(path);
    // Deno gives every file of tests a world of its own, within one process.
    if (holder === `${Deno.pid}`) return file.close();
    console.error(`process ${holder} tests with the user ${user}: waiting for its end`);
    await file.lock(true);
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}`));
}
