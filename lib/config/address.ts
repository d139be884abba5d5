/**
 * Addresses to listen on, as flags write them.
 * @module
 */

/** Where to listen; `host` undefined: every address. */
export interface Address {
  host: string | undefined;
  port: number;
}

/** Reads `:2222`, `127.0.0.1:2222`, `[::1]:2222`. @throws {Error} saying what is expected. */
export function parseAddress(text: string): Address {
  const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? -1);
  if (port < 0 || port > 65535) {
    throw new Error(
      `${JSON.stringify(text)} is no address, expected ":PORT", "HOST:PORT" or "[IPV6]:PORT"`,
    );
  }
  return { host: v6 ?? (name || undefined), port };
}

/** What {@link parseAddress} reads: `[::1]:2222`, `:2222`. */
export function formatAddress({ host, port }: Address): string {
  return `${host?.includes(":") ? `[${host}]` : host ?? ""}:${port}`;
}
