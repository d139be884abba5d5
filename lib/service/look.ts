/**
 * One look at a service, by one process: what its remote has, whether its checkout is there, which of its
 * containers are watched over. It is all that a tick costs while nothing happens.
 * @module
 */
import { batch } from "../host/batch.ts";
import { RemoteError } from "../host/git_remote.ts";
import { monitorsOf, processesArgv } from "../host/monitors.ts";
import type { Service } from "./service.ts";

/** What one look showed. */
export interface Look {
  /** The remote branch's revision, or why it could not be learned. */
  tip: string | RemoteError;
  /** Whether the checkout is there. */
  checkedOut: boolean;
  /** Ids of containers whose monitor runs: Podman calls a container running although its monitor was killed. */
  monitored: ReadonlySet<string>;
}

/** Looks. @throws {ProcessError} when that could not be done at all. */
export async function look(service: Service, signal?: AbortSignal): Promise<Look> {
  const { host: { run }, user, git, paths } = service;
  const question = await unlessRemote(git.asksTip());
  const { argv, ...more } = question instanceof RemoteError
    ? { argv: ["false"] as const }
    : question;
  const [remote, checkout, processes] = await batch(
    run,
    [argv, ["test", "-e", paths.checkout], processesArgv(user)],
    { ...more, user, signal },
  );
  const answer = async () => await git.readTip(remote ?? { code: 1, stdout: "", stderr: "" });
  return {
    tip: question instanceof RemoteError ? question : await unlessRemote(answer()),
    checkedOut: checkout?.code === 0,
    monitored: monitorsOf(processes?.stdout ?? ""),
  };
}

/** The remote's failure as a value: what else was seen counts all the same. */
async function unlessRemote<Value>(work: Promise<Value>): Promise<Value | RemoteError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
}
