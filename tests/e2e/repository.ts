/**
 * The Git repositories of tests' services, pushed to as a developer does.
 * @module
 */
import { ok } from "./shell.ts";

/** Files of a commit, by path; undefined removes one. */
export type Files = Record<string, string | undefined>;

/** Makes the bare repository `SERVICE.git` in `dir`, and a clone of it to work in. */
export async function createRepository(dir: string, service: string): Promise<void> {
  await ok(["git", "init", "-q", "--bare", "-b", "main", `${dir}/${service}.git`]);
  await ok(["git", "clone", "-q", `${dir}/${service}.git`, `${dir}/work-${service}`]);
}

/** Commits files to a repository of `dir` and pushes; returns the revision. */
export async function push(
  dir: string,
  service: string,
  files: Files,
  options: { amend?: boolean } = {},
): Promise<string> {
  const work = `${dir}/work-${service}`;
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) await Deno.remove(`${work}/${path}`);
    else {
      await Deno.mkdir(`${work}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${work}/${path}`, text);
    }
  }
  const git = ["git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.org"];
  const amend = options.amend ? ["--amend"] : [];
  await ok([...git, "add", "-A"]);
  await ok([...git, "commit", "-q", "--allow-empty", "-m", "change", ...amend]);
  await ok([...git, "push", "-q", "--force", "origin", "HEAD:main"]);
  return await ok([...git, "rev-parse", "HEAD"]);
}
