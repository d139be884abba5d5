/**
 * Which algorithms pgod speaks: what is good today, and nothing for the sake of old clients.
 * @module
 */
// @ts-types="@types/ssh2"
import type ssh2 from "ssh2";
import { insides } from "./internals.ts";

/** For ssh2's server; what ssh-audit warns of is left out. */
export const ALGORITHMS: ssh2.ServerConfig["algorithms"] = {
  // The client's order decides. The first one here is what no client guesses: ssh2 drops every guess, a right
  // one too, and Dropbear, which sends one along with its list, would wait for the answer for ever. A greater
  // group would keep everybody waiting for 80 ms at each stranger's key exchange.
  kex: [
    "diffie-hellman-group14-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
  ],
  serverHostKey: ["ssh-ed25519"],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
  compress: ["none"],
};

/** What ssh2 tells clients of signatures: a comma is missing, and SHA-1 is offered that PGO refuses. */
const TOLD = "ecdsa-sha2-nistp521rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-dss";
/** As long as that: the last name is nobody's, and clients skip names they do not know. */
const TRUE = "ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,none@pgo.local";

/**
 * Puts the list of signature algorithms right that ssh2 sends after the key exchange: a client that signs with
 * `rsa-sha2-512` only would not know that it may.
 */
export function announceSignatures(client: ssh2.Connection): void {
  const { protocol } = insides(client);
  const complete = protocol._onHandshakeComplete;
  protocol._onHandshakeComplete = (negotiated) => {
    protocol._onHandshakeComplete = complete;
    // The list is sent in here, by a writer that came with the new keys.
    const { write } = protocol._packetRW;
    const { finalize } = write;
    write.finalize = (packet, force) => {
      const at = packet.indexOf(TOLD, 0, "latin1");
      if (at >= 0) packet.write(TRUE, at, "latin1");
      return finalize.call(write, packet, force);
    };
    complete(negotiated);
    write.finalize = finalize;
  };
}
