/**
 * What went wrong on the way to a pgod, in words that say what to do.
 * @module
 */
import { ClientError } from "./error.ts";
import { describe, type Identity } from "./identities.ts";

/** SSH servers that are somebody's, but no pgod. */
const ORDINARY = /^SSH-[\d.]+-((?:OpenSSH|dropbear|libssh|lsh|mod_sftp|Cisco|ROSSSH)\S*)/im;

/** The error for a socket that could not be opened, or closed too early. */
export function explainSocket(host: string, port: number, error: Error): ClientError {
  const code = (error as { code?: string }).code ?? "";
  const [why, hint] = /ENOTFOUND|EAI_|failed to lookup|ENODATA/.test(`${code} ${error.message}`)
    ? ["no such name is known", "is it spelled right, or is it an alias for ~/.ssh/config?"]
    : code === "ECONNREFUSED"
    ? ["nothing listens there", "does pgod run, and is this its port? -p PORT says another"]
    : error.message === "no answer" || code === "ETIMEDOUT"
    ? ["no answer", "is the host up, and does a firewall let this port through?"]
    : [error.message, undefined];
  return new ClientError("unreachable", `${host} port ${port} cannot be reached: ${why}`, hint);
}

/** The error for what is no pgod, by the first bytes it sent; undefined for what may be one. */
export function explainBanner(host: string, port: number, banner: string): ClientError | undefined {
  const hint = "pgod's own port is 2222 unless it was told another: -p PORT";
  const [, software] = ORDINARY.exec(banner) ?? [];
  if (software) {
    const message = `${host} port ${port} is an ordinary SSH server (${software}), not pgod`;
    return new ClientError("unreachable", message, hint);
  }
  if (banner === "" || /^SSH-/m.test(banner)) return undefined;
  return new ClientError("unreachable", `${host} port ${port} does not speak SSH`, hint);
}

/** The error for keys that the host took none of. */
export function refusedKeys(offered: readonly Identity[]): ClientError {
  return new ClientError("unauthorized", "the key was refused", offeredHint(offered));
}

/** Which keys were shown, and where the public half would have to be; an empty `service` is the host. */
export function offeredHint(offered: readonly Identity[], service = "the service"): string {
  const keys = [...new Set(offered.map(describe))].join(", ") || "no key";
  if (service === "") {
    return `offered: ${keys}; the public half has to be in the file that admin_keys in the host's config names`;
  }
  const where =
    `the public half has to be in ssh/ of ${service}'s repository, at the tip of its branch`;
  return `offered: ${keys}; ${where}, and its line there may name a role, addresses, or an end`;
}

/** Whether pgod's `line` says that the key is known, and which role it lacks. */
export function namesRole(line: string): boolean {
  return /^Unauthorized: Key \S+ has the role "/.test(line);
}
