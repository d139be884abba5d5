/**
 * What a run file mounts, judged once more on the disk: a container can turn a directory of its checkout into
 * a link after the revision was judged.
 * @module
 */
import { mayMount } from "../compose/policy.ts";
import { bindSources } from "../compose/run_file.ts";
import { readPrivateFile, realPaths } from "../host/service_directory.ts";
import { policyOf } from "./candidate.ts";
import { StepError } from "./prepare.ts";
import type { Service } from "./service.ts";

/** Where the run file of deployment `number` is. */
export function runFilePath(service: Service, number: number): string {
  return `${service.paths.deployments}/${number}.run.yaml`;
}

/**
 * Resolves, as the service's user, what deployment `number` mounts. @throws {StepError} when a link leads one
 * of them to where the config does not let the service mount.
 */
export async function judgeMounts(service: Service, number: number): Promise<void> {
  const { host: { run }, user, paths } = service;
  const sources = bindSources(await readPrivateFile(run, user, runFilePath(service, number)) ?? "");
  if (sources.length === 0) return;
  const policy = policyOf(service);
  const written = `${paths.deployments}/${number}.files`;
  // The directory above is root's or the user's own; what lies in it counts by its name, wherever a link leads.
  const [top = "", ...rest] = await realPaths(run, user, [
    paths.root,
    ...policy.mounts,
    ...sources,
  ]);
  const inTop = (path: string) => top + path.slice(paths.root.length);
  const real = {
    ...policy,
    mounts: [...rest.slice(0, policy.mounts.length), inTop(written)],
    checkout: inTop(paths.checkout),
    dataDir: inTop(paths.data),
  };
  rest.slice(policy.mounts.length).forEach((path, at) => {
    if (mayMount(path, real)) return;
    throw new StepError(
      `${
        sources[at]
      } leads to ${path}, outside the service's own directories: a link, which the config would have to allow with mounts = [${
        JSON.stringify(path)
      }]`,
    );
  });
}
