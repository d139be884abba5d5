/**
 * Following a branch: its tip, its keys, and a mirror that is made anew when it is broken.
 * @module
 */
import { SecretFileError } from "../host/secret_file.ts";
import { ensureServiceDirectory, removeTree } from "../host/service_directory.ts";
import { ensureRuntimeDirectory } from "../host/users.ts";
import { type Candidate, inspectCandidate } from "./candidate.ts";
import { readKeys } from "./keys.ts";
import { refreshSecrets } from "./secrets.ts";
import { Rejection, type Service } from "./service.ts";
import { recall } from "./state.ts";

/** Makes the user's and the service's directories, and reads keys from what was fetched in an earlier life. */
export async function prepareService(service: Service): Promise<void> {
  const { host, user, paths } = service;
  await ensureRuntimeDirectory(host.run, user, host.how);
  await ensureServiceDirectory(host.run, paths, user, host.how);
  await service.git.prepare();
  await recall(service);
  await refreshSecrets(service).catch(() => {});
  service.renewed = false;
  // Logins are made again when they are needed: the config may have others now.
  await removeTree(host.run, user, paths.registryAuth);
  const tip = await service.git.fetchedTip();
  if (tip) await adoptTip(service, tip).catch(() => {});
}

/**
 * Learns the branch's tip and fetches it if it is new; from then on the keys are that revision's.
 * Returns it. @throws {RemoteError} when the remote cannot be asked; what was known stays.
 */
export async function followBranch(service: Service, signal?: AbortSignal): Promise<string> {
  return await followTo(service, await service.git.remoteTip(signal), signal);
}

/** The same, where it is known what the remote has. */
export async function followTo(
  service: Service,
  remote: string,
  signal?: AbortSignal,
): Promise<string> {
  const { git } = service;
  if (remote === service.tip) return remote;
  if (await git.fetchedTip() !== remote) await git.fetch(signal);
  const tip = await git.fetchedTip() ?? remote;
  try {
    await adoptTip(service, tip);
  } catch {
    // Objects are missing: the mirror is a copy, so it is made anew.
    await git.clone(signal);
    await adoptTip(service, tip);
  }
  return tip;
}

async function adoptTip(service: Service, tip: string): Promise<void> {
  service.keys = await readKeys(service, tip);
  service.tip = tip;
}

/** {@link inspectCandidate}, once more from a new mirror when this one has lost objects. */
export function inspect(service: Service, revision: string): Promise<Candidate> {
  return fromMirror(service, () => inspectCandidate(service, revision));
}

/** What reads the mirror may find it broken: it is a copy, so it is made anew and read once more. */
export async function fromMirror<Value>(
  service: Service,
  read: () => Promise<Value>,
): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Rejection || error instanceof SecretFileError) throw error;
    await service.git.clone();
    return await read();
  }
}
