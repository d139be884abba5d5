/**
 * Logins of image registries as the config writes them.
 * @module
 */

/** Who PGO is at a registry. */
export interface RegistryLogin {
  /** `registry.example.org`, with a port or a path where the login is for that only. */
  registry: string;
  username: string;
  /** Password or token; for podman's stdin only. */
  password: string;
}

const REGISTRY =
  /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._/-]*)?$/;
const EXPECTED = 'expected "USER:TOKEN@REGISTRY", or the absolute path of a file of such lines';

/**
 * Reads `user:token@registry.example.org`: the user ends at the first ":", the registry begins after the last "@".
 * @throws {Error} whose message never repeats the text (it may hold a token).
 */
export function parseRegistryLogin(text: string): RegistryLogin {
  const [, username = "", password = "", registry = ""] = /^([^:]+):(.+)@([^@]*)$/s.exec(text) ??
    [];
  if (username === "" || password === "") throw new Error(`this is no login, ${EXPECTED}`);
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) {
    throw new Error(`a login holds no control characters, ${EXPECTED}`);
  }
  if (username.startsWith("-") || !REGISTRY.test(registry)) {
    throw new Error(
      `this names no registry after its last "@", expected one such as "registry.example.org:5000"`,
    );
  }
  return { registry, username, password };
}

/**
 * Reads a file of logins, one a line; blank lines and such that begin with "#" are left out.
 * @throws {Error} with one line that begins with the line's number.
 */
export function parseRegistryFile(text: string): RegistryLogin[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (/^\s*(#|$)/.test(line)) return [];
    try {
      return [parseRegistryLogin(line.trim())];
    } catch (error) {
      throw new Error(`${at + 1}: ${(error as Error).message}`);
    }
  });
}
