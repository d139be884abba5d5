/**
 * An SSH client without manners: it can stop anywhere, and say anything, in plain or well encrypted.
 * It speaks curve25519-sha256, ssh-ed25519 and aes128-gcm only.
 * @module
 */
import { Buffer } from "node:buffer";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { within } from "../../lib/host/clock.ts";
import { concat, kexInit, MESSAGE, mpint, packet, readString, readU32, string } from "./wire.ts";

/** Milliseconds the server has to say something that it has to say. */
const PATIENCE = 10_000;
const IDENT = "SSH-2.0-fuzz";

/** The server did not answer, or did not let go of a connection. */
export class Hang extends Error {}

/** An Ed25519 key pair; `blob` is the public half as SSH writes it. */
export interface FuzzKey {
  blob: Uint8Array<ArrayBuffer>;
  secret: KeyObject;
}

/** Makes one. */
export function makeFuzzKey(): FuzzKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return { blob: concat(string("ssh-ed25519"), string(raw)), secret: privateKey };
}

/** One direction's key and counter. */
interface Gcm {
  key: Uint8Array;
  iv: Uint8Array;
}

/** A connection to the server under test. */
export class RawClient {
  #rest: Uint8Array = new Uint8Array();
  #ended = false;
  #keys: { out: Gcm; in: Gcm } | undefined;
  #greeting = "";
  /** From the key exchange; what a login has to sign. */
  session: Uint8Array<ArrayBuffer> = new Uint8Array();

  private constructor(readonly socket: Deno.TcpConn) {}

  static async connect(port: number): Promise<RawClient> {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay();
    return new RawClient(socket);
  }

  /** A connection that has exchanged keys and asked for authentication. */
  static async keyed(port: number): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.exchangeKeys();
    await client.send(concat(MESSAGE.serviceRequest, string("ssh-userauth")));
    await client.receive();
    return client;
  }

  /** A connection that has logged in with `key`. */
  static async loggedIn(port: number, key: FuzzKey): Promise<RawClient> {
    const client = await RawClient.keyed(port);
    await client.send(client.signed(authRequest("ssh-ed25519", key.blob), key));
    const [type] = await client.receive() ?? [];
    if (type !== MESSAGE.authSuccess) throw new Error(`the login was answered with ${type}`);
    return client;
  }

  /** An authentication request with a true signature at its end. */
  signed(request: Uint8Array, { secret }: Pick<FuzzKey, "secret">): Uint8Array<ArrayBuffer> {
    const signature = sign(null, concat(string(this.session), request), secret);
    return concat(request, string(concat(string("ssh-ed25519"), string(signature))));
  }

  /** Sends bytes as they are; a connection that is gone swallows them. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const taken = await within(PATIENCE, this.socket.write(bytes.subarray(at)));
        // What is not taken is not read: the next receive() says so.
        if (taken === undefined) return;
        at += taken;
      }
    } catch { /* the server closed it: receive() tells */ }
  }

  /** Sends a payload as a whole packet, encrypted once keys were exchanged. */
  async send(payload: Uint8Array): Promise<void> {
    await this.write(this.#keys ? encrypt(this.#keys.out, payload) : packet(payload));
  }

  /** {@link send} for several payloads, in one write. */
  async sendTogether(...payloads: Uint8Array[]): Promise<void> {
    const keys = this.#keys;
    await this.write(concat(...payloads.map((one) => keys ? encrypt(keys.out, one) : packet(one))));
  }

  /** The next payload; undefined once the server has closed. @throws {Hang} */
  async receive(): Promise<Uint8Array | undefined> {
    const head = await this.#take(4);
    if (!head) return undefined;
    const length = readU32(head, 0);
    const body = await this.#take(length + (this.#keys ? 16 : 0));
    if (!body) return undefined;
    const plain = this.#keys ? decrypt(this.#keys.in, head, body) : body;
    return plain.subarray(1, plain.length - (plain[0] ?? 0));
  }

  /** Skips payloads until one of `types`; undefined once the server has closed. */
  async receiveAny(...types: number[]): Promise<Uint8Array | undefined> {
    for (;;) {
      const payload = await this.receive();
      if (!payload || types.includes(payload[0] ?? 0)) return payload;
    }
  }

  /** Reads the server's greeting, which comes first. */
  async greeted(): Promise<string> {
    let line = "";
    while (!line.endsWith("\n")) {
      const byte = await this.#take(1);
      if (!byte) break;
      line += String.fromCharCode(byte[0] ?? 0);
    }
    return line.trimEnd();
  }

  /** Greets, and agrees on keys; afterwards everything is encrypted (for AES-GCM only). Also exchanges them anew. */
  async exchangeKeys(other: Parameters<typeof kexInit>[0] = {}): Promise<void> {
    if (!this.#keys) {
      await this.write(new TextEncoder().encode(`${IDENT}\r\n`));
      this.#greeting = await this.greeted();
    }
    const ours = kexInit(other);
    await this.send(ours);
    const init = await this.receiveAny(MESSAGE.kexInit);
    const pair = generateKeyPairSync("x25519");
    const mine = pair.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    await this.send(concat(MESSAGE.kexDhInit, string(mine)));
    const reply = await this.receiveAny(MESSAGE.kexDhReply);
    if (!init || !reply) throw new Error("the server closed in the midst of the key exchange");
    const hostKey = readString(reply, 1);
    const point = readString(reply, 5 + hostKey.length);
    const secret = mpint(diffieHellman({ privateKey: pair.privateKey, publicKey: x25519(point) }));
    const hash = (...parts: Uint8Array[]) => {
      const digest = createHash("sha256");
      for (const part of parts) digest.update(part);
      return new Uint8Array(digest.digest());
    };
    const idents = [string(IDENT), string(this.#greeting)];
    const exchanged = [string(ours), string(init), string(hostKey), string(mine), string(point)];
    const h = hash(...idents, ...exchanged, secret);
    if (this.session.length === 0) this.session = h;
    const derive = (letter: string) =>
      hash(secret, h, new TextEncoder().encode(letter), this.session);
    await this.send(Uint8Array.of(MESSAGE.newKeys));
    await this.receiveAny(MESSAGE.newKeys);
    this.#keys = {
      out: { iv: derive("A").slice(0, 12), key: derive("C").slice(0, 16) },
      in: { iv: derive("B").slice(0, 12), key: derive("D").slice(0, 16) },
    };
  }

  /** Says that nothing more comes, and sees that the server lets go too. @throws {Hang} */
  async finish(): Promise<void> {
    try {
      await this.socket.closeWrite().catch(() => {});
      while (!this.#ended) await this.#read();
    } finally {
      this.close();
    }
  }

  /** Breaks the connection off. */
  close(): void {
    try {
      this.socket.close();
    } catch { /* it is closed */ }
  }

  async #take(count: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length < count) {
      if (this.#ended) return undefined;
      await this.#read();
    }
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(32_768);
    const reading = this.socket.read(buffer).catch(() => null).then((count) => ({ count }));
    const got = await within(PATIENCE, reading);
    if (!got) {
      this.close();
      throw new Hang(`the server neither answered nor closed for ${PATIENCE / 1000} s`);
    }
    if (got.count === null) this.#ended = true;
    else this.#rest = concat(this.#rest, buffer.subarray(0, got.count));
  }
}

/** An authentication request up to where a signature goes. */
export function authRequest(algorithm: string, blob: Uint8Array, user = "fuzz"): Uint8Array {
  const head = [MESSAGE.authRequest, string(user), string("ssh-connection"), string("publickey")];
  return concat(...head, 1, string(algorithm), string(blob));
}

function x25519(point: Uint8Array): KeyObject {
  const jwk = { kty: "OKP", crv: "X25519", x: Buffer.from(point).toString("base64url") };
  return createPublicKey({ format: "jwk", key: jwk });
}

function encrypt(keys: Gcm, payload: Uint8Array): Uint8Array {
  const plain = packet(payload, 16);
  const cipher = createCipheriv("aes-128-gcm", keys.key, keys.iv);
  cipher.setAAD(plain.subarray(0, 4));
  const body = concat(cipher.update(plain.subarray(4)), cipher.final());
  count(keys.iv);
  return concat(plain.subarray(0, 4), body, cipher.getAuthTag());
}

function decrypt(keys: Gcm, head: Uint8Array, body: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-128-gcm", keys.key, keys.iv);
  decipher.setAAD(head);
  decipher.setAuthTag(body.subarray(-16));
  const plain = concat(decipher.update(body.subarray(0, -16)), decipher.final());
  count(keys.iv);
  return plain;
}

/** The counter in the last eight bytes. */
function count(iv: Uint8Array): void {
  for (let at = 11; at >= 4; at--) if ((iv[at] = ((iv[at] ?? 0) + 1) & 0xff) !== 0) return;
}
