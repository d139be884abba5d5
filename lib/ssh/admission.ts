/**
 * Connections that have not logged in: how many there may be, and which has to go when there are too many.
 * @module
 */
import type { Socket } from "node:net";
import type { SshLimits } from "../config/ssh.ts";
import { sleep } from "../host/clock.ts";
import type { Log } from "../log.ts";
import { plainAddress } from "./from.ts";
import { REASON, type Reason } from "./disconnect.ts";

/** Ends a connection with a reason. */
export type End = (socket: Socket, reason: Reason) => void;

/** Milliseconds between two lines about connections that were turned away. */
const QUIET = 60_000;

const CROWD: Reason = {
  code: REASON.TOO_MANY_CONNECTIONS,
  text: "too many connections that have not logged in, try again",
};

/** Who has not logged in, by where he comes from, in the order they came. */
export class Admission {
  readonly #groups = new Map<string, Set<Socket>>();
  #count = 0;
  #turnedAway = 0;
  #told = -Infinity;

  constructor(readonly limits: () => SshLimits, readonly end: End, readonly log: Log) {}

  /** Takes a connection that has just come; the oldest of the greatest crowd makes room for it. */
  admit(socket: Socket): void {
    const { unauthenticated, perAddress, loginGrace } = this.limits();
    const group = groupOf(socket.remoteAddress ?? "");
    const own = this.#groups.get(group) ?? new Set();
    if (own.size >= perAddress) this.#turnAway(group, own);
    else if (this.#count >= unauthenticated) this.#turnAway(...this.#greatest());
    // It may have been the last of its own.
    this.#groups.set(group, own.add(socket));
    this.#count++;
    const grace = new AbortController();
    void sleep(loginGrace, grace.signal).then(() => {
      if (!this.has(socket)) return;
      const text = `not logged in after ${loginGrace / 1000} s`;
      this.end(socket, { code: REASON.BY_APPLICATION, text });
    });
    socket.once("close", () => {
      grace.abort();
      this.passed(socket);
    });
  }

  /** Whether it is one of those that have not logged in. */
  has(socket: Socket): boolean {
    return this.#groups.get(groupOf(socket.remoteAddress ?? ""))?.has(socket) ?? false;
  }

  /** It logged in, or is gone. */
  passed(socket: Socket): void {
    for (const [group, sockets] of this.#groups) {
      if (!sockets.delete(socket)) continue;
      this.#count--;
      if (sockets.size === 0) this.#groups.delete(group);
      return;
    }
  }

  #greatest(): [group: string, sockets: Set<Socket>] {
    return [...this.#groups].reduce((most, one) => one[1].size > most[1].size ? one : most);
  }

  #turnAway(group: string, sockets: Set<Socket>): void {
    const [oldest] = sockets;
    if (!oldest) return;
    this.passed(oldest);
    this.end(oldest, CROWD);
    this.#turnedAway++;
    if (performance.now() - this.#told < QUIET) return;
    this.#told = performance.now();
    this.log.warn("ssh.crowd", `Connections from ${group} make room for others: too many`, {
      count: this.#turnedAway,
    });
    this.#turnedAway = 0;
  }
}

/** Addresses that one client can choose from count as one: of IPv6 a /64. */
export function groupOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const words = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  return `${words.slice(0, 4).map((word) => word.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
