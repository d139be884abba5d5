/**
 * The build file: what podman-compose builds from, and what Podman pulls, each under a tag PGO owns.
 * @module
 */
import type { Model } from "./model.ts";
import { type Plain, writeYaml } from "./write.ts";

/** What the generated files of one deployment are made from; all paths absolute. */
export interface Deployment {
  /** The PGO service, which is podman-compose's project. */
  service: string;
  /** The deployment's number. */
  id: string;
  revision: string;
  checkout: string;
  /** The candidate's files while it is built. */
  scratch: string;
  /** Directory of the build file, the run file and the files beside them. */
  deployments: string;
}

/** A file that is written beside a generated one. */
export interface SideFile {
  path: string;
  text: string;
}

/** `localhost/pgo/<service>/<name>:<deployment>`: no other service, and no later pull, takes it away. */
export function imageTag({ service, id }: Deployment, composeService: string): string {
  // Image names are lower case with single separators; the hex keeps Web_A and web-a apart.
  const plain = /^[a-z0-9]+([._-][a-z0-9]+)*$/.test(composeService);
  return `${imagePrefix(service)}${plain ? composeService : `0${hex(composeService)}`}:${id}`;
}

function hex(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What all images of a PGO service's deployments begin with. */
export function imagePrefix(service: string): string {
  // Image names have no "-" at their end; no service has a "." in its name.
  return `localhost/pgo/${service.endsWith("-") ? `hex.${hex(service)}` : service}/`;
}

/** The build file of a deployment; `tags` is empty when nothing is to be built. */
export function buildFile(
  model: Model,
  deployment: Deployment,
): { text: string; tags: { composeService: string; tag: string }[]; files: SideFile[] } {
  const services: Record<string, Plain> = {};
  const files: SideFile[] = [];
  const tags: { composeService: string; tag: string }[] = [];
  for (const { name, build } of model.services) {
    if (!build) continue;
    const tag = imageTag(deployment, name);
    tags.push({ composeService: name, tag });
    const inline = `${deployment.deployments}/${deployment.id}.${tags.length}.Containerfile`;
    if (build.inline !== undefined) files.push({ path: inline, text: build.inline });
    services[name] = {
      image: tag,
      build: {
        context: inside(deployment.scratch, build.context),
        dockerfile: build.inline === undefined ? build.dockerfile : inline,
        target: build.target,
        args: Object.keys(build.args).length > 0 ? build.args : undefined,
      },
    };
  }
  return { text: writeYaml({ version: "3", services }), tags, files };
}

/** An image that is pulled, or has to be there. */
export interface Pull {
  image: string;
  /** `linux/arm64`; undefined: what fits the host. */
  platform: string | undefined;
  /** Its name for this deployment. */
  tag: string;
  policy: "always" | "missing" | "never";
}

/** Images that are pulled, not built, and the tag each gets. */
export function pulls(
  model: Model,
  deployment: Deployment,
): Pull[] {
  return model.services.flatMap(({ name, image, build, platform, pullPolicy }) =>
    image && !build
      ? [{ image, platform, tag: imageTag(deployment, name), policy: pullPolicy }]
      : []
  );
}

/** A path of the repository below `root`. */
export function inside(root: string, path: string): string {
  return path === "." ? root : `${root}/${path}`;
}
