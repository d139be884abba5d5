/**
 * The first half of a deployment: images made ready while the old containers serve.
 * @module
 */
import { buildFile, type Deployment, imagePrefix, pulls } from "../compose/build_file.ts";
import { compose } from "../host/podman_compose.ts";
import { imageHasOnBuild, imagePlatform } from "../host/image_config.ts";
import { imageExists, imageTags, pullImage, tagImage, untagImage } from "../host/podman.ts";
import { must, removeTree, writePrivateFile } from "../host/service_directory.ts";
import type { Candidate } from "./candidate.ts";
import type { DeploymentRecord } from "./ledger.ts";
import type { Output } from "./output.ts";
import { withLogins } from "./registries.ts";
import type { Prepared, Service } from "./service.ts";

/** A step that did not work; `message` is one line. */
export class StepError extends Error {}

/** Records a new deployment of `candidate`; nothing is prepared yet. */
export async function begin(
  service: Service,
  candidate: Candidate,
  cause: string,
  actor: string,
): Promise<Prepared> {
  const { host, config, paths, user } = service;
  // A ledger that was lost must not lead to a number whose files or images are still there.
  const { stdout } = await must(host.run, { argv: ["ls", paths.deployments], user });
  const floor = Math.max(0, ...stdout.split("\n").map((file) => parseInt(file) || 0));
  const { revision, digest } = candidate;
  const record = host.ledger.begin({ service: config.name, revision, digest, cause, actor }, floor);
  // Its number is taken from now on, whatever becomes of the ledger.
  await writePrivateFile(
    host.run,
    user,
    `${paths.deployments}/${record.number}.revision`,
    revision,
  );
  return { record, candidate, pulled: false, built: false };
}

/** What the generated files of a deployment are made from. */
export function deploymentOf(
  service: Service,
  record: Pick<DeploymentRecord, "number" | "revision">,
): Deployment {
  const { config, paths } = service;
  return {
    service: config.name,
    id: String(record.number),
    revision: record.revision,
    checkout: paths.checkout,
    scratch: paths.scratch,
    deployments: paths.deployments,
  };
}

/**
 * Refuses images that podman would find under a short name although they are another service's of the same user.
 * @throws {StepError} naming both.
 */
async function refuseForeignImages(service: Service, { model }: Candidate): Promise<void> {
  const { host: { run }, user, config } = service;
  const own = imagePrefix(config.name);
  const foreign = (await imageTags(run, user, "localhost/pgo/")).filter(({ name }) =>
    !name.startsWith(own)
  );
  const names = model.services.flatMap(({ image, build }) => build ? build.images : image ?? []);
  for (const name of names) {
    const [first = ""] = name.split("/");
    if (name.includes("/") && /[.:]|^localhost$/.test(first)) continue;
    const [path = "", tag = "latest"] = (name.split("@")[0] ?? "").split(":");
    // By a digest it would be found whatever its tag.
    const found = foreign.find((one) =>
      name.includes("@")
        ? one.name.replace(/:\d+$/, "").endsWith(`/${path}`)
        : one.name.endsWith(`/${path}:${tag}`)
    );
    if (found) {
      throw new StepError(
        `podman would find ${name} as ${found.name}, another service's image: write its registry`,
      );
    }
  }
}

/** Pulls what the candidate does not build and names it so that nothing else can take it away. */
export async function pull(service: Service, prepared: Prepared, output: Output): Promise<void> {
  if (prepared.pulled) return;
  const { host: { run }, user } = service;
  await refuseForeignImages(service, prepared.candidate);
  for (
    const { image, platform, tag, policy } of pulls(
      prepared.candidate.model,
      deploymentOf(service, prepared.record),
    )
  ) {
    const present = await imageExists(run, user, image);
    if (policy === "always" || (policy === "missing" && !present)) {
      await pullOne(service, image, platform, output);
    } else if (!present) {
      throw new StepError(
        `image ${image} is not on this host and its pull_policy says never to pull it`,
      );
    }
    await tagImage(run, user, image, tag);
  }
  prepared.pulled = true;
}

async function pullOne(
  service: Service,
  image: string,
  platform: string | undefined,
  output: Output,
): Promise<void> {
  const { host: { run }, user } = service;
  const failed = await withLogins(service, [image], output, async (env) => {
    output.step(`pulling ${image}`);
    const code = await pullImage(run, user, { image, platform, env }, output);
    return code === 0 ? "" : output.lastLine() || `exit code ${code}`;
  });
  if (failed) throw new StepError(`pull of ${image} failed: ${failed}`);
}

/**
 * Pulls what builds start from and is not there. An image's ONBUILD would run in the build with what a Containerfile
 * may not have (CVE-2024-9675). @throws {StepError} naming the image.
 */
async function pullBases(
  service: Service,
  { model }: Candidate,
  output: Output,
): Promise<void> {
  const { host: { run }, user } = service;
  for (const { name, build } of model.services) {
    for (const image of new Set(build?.images)) {
      const platform = build?.platforms[image];
      const fits = await imageExists(run, user, image) &&
        (platform === undefined ||
          `${platform}/`.startsWith(`${await imagePlatform(run, user, image)}/`));
      if (!fits) await pullOne(service, image, platform, output);
      if (await imageHasOnBuild(run, user, image)) {
        throw new StepError(
          `build of ${name} refused: ${image} has ONBUILD instructions, which PGO does not judge: ` +
            "build from an image without, and write them into the Containerfile",
        );
      }
    }
  }
}

/** Builds what the candidate builds, in a directory of its own. */
export async function build(service: Service, prepared: Prepared, output: Output): Promise<void> {
  if (prepared.built) return;
  await refuseForeignImages(service, prepared.candidate);
  const { host: { run }, user, paths, git, config } = service;
  const { text, tags, files } = buildFile(
    prepared.candidate.model,
    deploymentOf(service, prepared.record),
  );
  if (tags.length > 0) {
    output.step(`building ${tags.map(({ composeService }) => composeService).join(", ")}`);
    await removeTree(run, user, paths.scratch);
    await git.materialize(prepared.record.revision, paths.scratch);
    const file = `${paths.deployments}/${prepared.record.number}.build.yaml`;
    await writePrivateFile(run, user, file, text);
    for (const { path, text } of files) await writePrivateFile(run, user, path, text);
    // An image of that name from another life would pass for what this build was to make.
    for (const { tag } of tags) {
      if (await imageExists(run, user, tag)) await untagImage(run, user, tag);
    }
    await pullBases(service, prepared.candidate, output);
    const call = { service: config.name, file, action: "build", env: service.env } as const;
    const code = await compose(run, user, call, output);
    for (const { composeService, tag } of tags) {
      if (await imageExists(run, user, tag)) continue;
      throw new StepError(
        `build of ${composeService} failed: ${output.lastLine() || `exit code ${code}`}`,
      );
    }
    await removeTree(run, user, paths.scratch);
    await removeTree(run, user, `${paths.scratch}.index`);
  }
  prepared.built = true;
}
