/**
 * Logins of image registries, kept by Podman in a file of the service's closed directory.
 * @module
 */
import type { RegistryLogin } from "../config/registries.ts";
import type { User } from "./as_user.ts";
import type { Run } from "./process.ts";

/** A login that did not work; one line that names registry and user, and not the password. */
export class LoginError extends Error {}

/** What an image's name begins with: the registry it is pulled from; undefined for a short name. */
function registryOf(image: string): string | undefined {
  const [first = ""] = image.split("/");
  return image.includes("/") && /[.:]|^localhost$/.test(first) ? first : undefined;
}

/** Those of `logins` that pulls of `images` may need; a short name may lead to any of them. */
export function neededLogins(
  logins: readonly RegistryLogin[],
  images: readonly string[],
): RegistryLogin[] {
  return logins.filter(({ registry }) =>
    images.some((image) => {
      const known = registryOf(image);
      return known === undefined || image.startsWith(`${registry}/`);
    })
  );
}

/** Logs in to a registry; Podman asks it, and keeps what it took in `file`. @throws {LoginError} */
export async function logIn(
  run: Run,
  user: User,
  file: string,
  { registry, username, password }: RegistryLogin,
  signal?: AbortSignal,
): Promise<void> {
  const flags = ["--authfile", file, "--username", username, "--password-stdin"];
  const { code, stdout, stderr } = await run({
    argv: ["podman", "login", ...flags, "--", registry],
    user,
    stdin: `${password}\n`,
    signal,
  });
  if (code === 0) return;
  const said = (stderr.trim() || stdout.trim()).split("\n").at(-1) ?? "";
  const why = said.replaceAll(password, "***").replace(/^Error: (error )?/, "");
  throw new LoginError(
    `registry ${registry} does not let user ${username} in: ${why || `exit code ${code}`}`,
  );
}
