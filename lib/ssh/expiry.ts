/**
 * `expiry-time` of a key, as OpenSSH writes it.
 * @module
 */

/**
 * Milliseconds since 1970 of `YYYYMMDD[HHMM[SS]][Z]`: the host's time zone, or UTC with a `Z`.
 * @throws {Error} saying what is expected.
 */
export function parseExpiry(text: string): number {
  const [, year, month, day, hour = "00", minute = "00", second = "00", zone = ""] =
    /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(text) ?? [];
  // Local time is tried as it would be written: a day that no month has does not become another.
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  const daysInMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(at) || Number(day) > daysInMonth || hour === "24") {
    throw new Error(
      `expiry-time=${
        JSON.stringify(text.slice(0, 40))
      } is no time, expected YYYYMMDD or YYYYMMDDHHMM[SS], with a Z for UTC`,
    );
  }
  return at;
}
