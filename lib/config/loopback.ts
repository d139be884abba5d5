/**
 * Which hosts are this host's own loopback, however they are written.
 * @module
 */

// What /etc/hosts of the usual distributions and systemd's resolver call it.
const NAMES =
  /^(?:(?:.+\.)?localhost(?:\.localdomain)?|localhost[46](?:\.localdomain[46]?)?|ip6-(?:localhost|loopback))$/;

// IPv6 forms that hold an IPv4 address: compatible, mapped, translated, NAT64.
const EMBEDDED = /^(?:::|::ffff:|::ffff:0:|64:ff9b::)(?:(?:([0-9a-f]{1,4}):)?[0-9a-f]{1,4})?$/;

/**
 * `host` as the URL standard writes it, so that nobody reads it in another way later: `127.1` and `0x7f.0.0.1`
 * become `127.0.0.1`, IPv6 is shortened and without brackets, names are in lower case; undefined: it is none.
 */
export function canonicalHost(host: string): string | undefined {
  const url = URL.parse(`http://${host.includes(":") ? `[${host}]` : host}/`);
  return url?.hostname.replace(/^\[|\]$/g, "");
}

/** Whether `host` leads to this host's loopback. What a name server makes of other names is not asked. */
export function isLoopback(host: string): boolean {
  const canonical = canonicalHost(host)?.replace(/\.$/, "");
  // What nobody can read might be anything.
  if (canonical === undefined || NAMES.test(canonical)) return true;
  if (/^(?:127|0)(?:\.\d{1,3}){3}$/.test(canonical)) return true;
  const embedded = EMBEDDED.exec(canonical);
  // An unspecified address (0.0.0.0) is connected to as loopback, and ::1 comes here as 0.0.0.1.
  return embedded !== null && [127, 0].includes(parseInt(embedded[1] ?? "0", 16) >> 8);
}
