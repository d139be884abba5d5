/**
 * The config of an image as its registry handed it out: `podman image inspect` leaves ONBUILD away.
 * @module
 */
import type { User } from "./as_user.ts";
import type { Run } from "./process.ts";
import { must } from "./service_directory.ts";

/** `linux/amd64`: what an image that is there was made for. */
export async function imagePlatform(run: Run, user: User, image: string): Promise<string> {
  const format = "{{.Os}}/{{.Architecture}}";
  return (await inspect(run, user, image, format)).trim();
}

/**
 * Whether an image that is there has ONBUILD instructions. @throws {Error} when its config cannot be read.
 */
export async function imageHasOnBuild(run: Run, user: User, image: string): Promise<boolean> {
  const id = (await inspect(run, user, image, "{{.Id}}")).trim().replace(/^sha256:/, "");
  const format = "{{.Store.GraphRoot}}/{{.Store.GraphDriverName}}-images";
  const { stdout } = await must(run, { argv: ["podman", "info", "--format", format], user });
  // containers/storage keeps the config under its digest, in base64 since that has a colon; the id is the digest.
  const path = `${stdout.trim()}/${id}/=${btoa(`sha256:${id}`)}`;
  return hasOnBuild((await must(run, { argv: ["cat", path], user })).stdout);
}

/**
 * Whether the text of an image's config has ONBUILD instructions as Go reads JSON: keys in any case, and of those that
 * are there twice, all count.
 */
export function hasOnBuild(config: string): boolean {
  JSON.parse(config);
  return [...config.matchAll(/("(?:[^"\\]|\\.)*")(\s*:(?!\s*(?:null|\[\s*\])))?/g)].some((
    [, text = "", key],
  ) => key !== undefined && JSON.parse(text).toLowerCase() === "onbuild");
}

async function inspect(run: Run, user: User, image: string, format: string): Promise<string> {
  const argv = ["podman", "image", "inspect", "--format", format, "--", image] as const;
  return (await must(run, { argv, user })).stdout;
}
