/**
 * What no deployment needs any more: only this service's own images and files, only those PGO made.
 * @module
 */
import { imagePrefix } from "../compose/build_file.ts";
import { imageTags, removeImages } from "../host/podman.ts";
import { must } from "../host/service_directory.ts";
import type { Service } from "./service.ts";

/** Removes images and files of deployments other than the live one, the last good one, and what is prepared. */
export async function prune(service: Service): Promise<void> {
  const { host: { ledger, run, log }, config, user, paths, prepared } = service;
  const { live } = ledger.service(config.name);
  if (live === null) return;
  const good = ledger.lastGood(config.name, live);
  const kept = new Set([live, good?.number, prepared?.record.number]);
  const isOld = (number: number) => number < live && !kept.has(number);
  const images = (await imageTags(run, user, imagePrefix(config.name))).filter(({ deployment }) =>
    isOld(deployment)
  );
  const left = await removeImages(run, user, images.map(({ name }) => name));
  if (left) log.debug("images.kept", `images stay: ${left}`, { service: config.name });
  const { stdout } = await must(run, { argv: ["ls", paths.deployments], user });
  const files = stdout.split("\n").filter((file) => {
    const [, number] =
      /^(\d+)\.(run\.yaml|build\.yaml|env\.json|start\.json|files|\d+\.Containerfile|revision)$/
        .exec(file) ?? [];
    return number !== undefined && isOld(Number(number));
  });
  if (files.length === 0) return;
  const numbers = new Set(files.map((file) => parseInt(file)));
  await service.git.release([...numbers].map((number) => `deployment-${number}`));
  const old = files.map((file) => `${paths.deployments}/${file}`);
  await must(run, { argv: ["rm", "-rf", "--", ...old], user });
}
