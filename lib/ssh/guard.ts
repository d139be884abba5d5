/**
 * What ssh2 takes from a client without looking at it.
 * @module
 */

/** Bytes a client has to take in one packet: every client there is takes sixteen times as many. */
const PACKET_SIZE = 1024;

/**
 * Whether output can be sent in packets of the size that the client named when it opened `session`. For a size
 * of 0, ssh2 sends empty packets for ever, and pgod does nothing else any more; for 1, every byte costs a packet.
 */
export function takesPackets(session: object): boolean {
  // No public field has it. Should ssh2 rename this one, no session works, and every test says so.
  const { _chanInfo: info } = session as { _chanInfo?: { outgoing?: { packetSize?: number } } };
  return (info?.outgoing?.packetSize ?? 0) >= PACKET_SIZE;
}
