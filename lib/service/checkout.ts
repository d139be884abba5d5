/**
 * Bringing the checkout to a revision. Git follows a link that a container puts where Git is writing, so nothing is
 * written below what a running container may write.
 * @module
 */
import { writableSources } from "../compose/run_file.ts";
import { readFrozen } from "./frozen.ts";
import type { Service } from "./service.ts";
import { remember } from "./state.ts";

/** Makes the checkout hold the revision's files. */
export async function checkOut(service: Service, revision: string): Promise<void> {
  await service.git.materialize(revision, service.paths.checkout);
  await remember(service, { checkout: revision });
}

/** Whether bringing the checkout to `revision` would write where containers of the live deployment may. */
export async function meetsWriters(service: Service, revision: string): Promise<boolean> {
  const { host: { ledger }, config, git, paths } = service;
  const { live, checkout } = ledger.service(config.name);
  if (live === null) return false;
  const frozen = await readFrozen(service, live).catch(() => undefined);
  const writable = writableSources(frozen?.text ?? "").flatMap((path) => {
    if (path === paths.checkout) return [""];
    return path.startsWith(`${paths.checkout}/`)
      ? [`${path.slice(paths.checkout.length + 1)}/`]
      : [];
  });
  if (writable.length === 0) return false;
  if (checkout === null) return true;
  const [before, after] = [await git.tree(checkout), await git.tree(revision)];
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
    const old = before.get(path), now = after.get(path);
    return old?.id !== now?.id || old?.kind !== now?.kind;
  });
  const roots = new Set(writable);
  return changed.some((path) => isBelow(`${path}/`, roots));
}

/** Whether `path` or a directory above it is one of `roots`; all of them end in "/", the top is "". */
function isBelow(path: string, roots: ReadonlySet<string>): boolean {
  if (roots.has("")) return true;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    if (roots.has(path.slice(0, at + 1))) return true;
  }
  return false;
}
