import assert from "node:assert/strict";
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
import { ClientError } from "../../lib/client/error.ts";
import { type Loopback, makeKey, outcome, withServer as withOptions } from "./loopback.ts";

/** Answers with the fingerprint of the key that came in, and the user name. */
const withServer = (body: (loopback: Loopback) => Promise<void>) =>
  withOptions({
    async handle({ key, user, stdout }) {
      await stdout(new TextEncoder().encode(`${key.file} ${user}\n`));
      return 0;
    },
  }, body);

const TYPES = ["-t ed25519", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521", "-t rsa"];
for (const type of TYPES) {
  // Several, since what an ECDSA key's file looks like depends on its first bit.
  const names = Array.from({ length: type.includes("ecdsa") ? 8 : 1 }, (_, at) => `mine${at}`);
  Deno.test(`every known key of ssh-keygen ${type} logs in, by ssh and by pgoctl's client`, () =>
    withServer(async ({ dir, know, ssh, remote }) => {
      for (const name of names) {
        await makeKey(`${dir}/${name}`, ...type.split(" "));
        await know(name);
        const { code, stdout } = await outcome(ssh(["x//ps"], { keys: [name] }));
        assert.deepEqual([code, stdout], [0, `${name}.pub miek\n`]);
        const privateKey = await Deno.readTextFile(`${dir}/${name}`);
        assert.equal(await remote("x//ps", { privateKey }), 0);
      }
    }));
}

Deno.test("an RSA key signs with SHA-2; SHA-1 is refused", () =>
  withServer(async ({ dir, know, ssh }) => {
    await makeKey(`${dir}/mine`, "-t", "rsa");
    await know("mine");
    const login = (algorithm: string) => {
      const options = ["-o", `PubkeyAcceptedAlgorithms=${algorithm}`];
      return outcome(ssh(["x//ps"], { keys: ["mine"], options }));
    };
    assert.equal((await login("rsa-sha2-512,rsa-sha2-256")).code, 0);
    assert.equal((await login("ssh-rsa")).code, 255);
  }));

Deno.test("a client with several keys gets in with the one that is known", () =>
  withServer(async ({ ssh, shown }) => {
    const { code, stdout } = await outcome(ssh(["x//ps"], { keys: ["wrong", "good"] }));
    assert.deepEqual([code, stdout], [0, "good.pub miek\n"]);
    assert.equal(new Set(shown).size, 2);
  }));

Deno.test("a client with ever more keys is cut off after the sixth", () =>
  withServer(async ({ dir, ssh, shown }) => {
    const keys = Array.from({ length: 8 }, (_, at) => `k${at}`);
    for (const name of keys) await makeKey(`${dir}/${name}`);
    const { code, stdout } = await outcome(ssh(["x//ps"], { keys: [...keys, "good"] }));
    assert.deepEqual([code, stdout], [255, ""]);
    assert.equal(shown.length, 6);
  }));

Deno.test("the user name decides nothing", () =>
  withServer(async ({ ssh }) => {
    for (const user of ["root", "nobody-here"]) {
      const { code, stdout } = await outcome(ssh(["x//ps"], { options: ["-l", user] }));
      assert.deepEqual([code, stdout], [0, `good.pub ${user}\n`]);
    }
  }));

Deno.test("an unknown key is unauthorized, for ssh and for pgoctl's client", () =>
  withServer(async ({ dir, ssh, remote }) => {
    const { code, stderr } = await outcome(ssh(["x//ps"], { keys: ["wrong"] }));
    assert.equal(code, 255);
    assert.match(stderr, /Permission denied \(publickey\)/);
    const privateKey = await Deno.readTextFile(`${dir}/wrong`);
    await assert.rejects(
      remote("x//ps", { privateKey }),
      (error) => error instanceof ClientError && error.kind === "unauthorized",
    );
  }));

Deno.test("no password and no keyboard is asked for", () =>
  withServer(async ({ ssh }) => {
    const options = ["-o", "PubkeyAuthentication=no", "-o", "BatchMode=no"];
    const { code, stderr } = await outcome(ssh(["x//ps"], { keys: [], options }));
    assert.equal(code, 255);
    assert.match(stderr, /Permission denied \(publickey\)/);
  }));

/** Shows somebody else's public key, and signs with its own private one. */
class Forger extends ssh2.BaseAgent<ssh2.ParsedKey> {
  constructor(readonly stolen: ssh2.ParsedKey, readonly own: ssh2.ParsedKey) {
    super();
  }
  override getIdentities(done: ssh2.IdentityCallback<ssh2.ParsedKey>): void {
    done(undefined, [this.stolen]);
  }
  override sign(
    _key: ssh2.ParsedKey,
    data: Uint8Array,
    options: ssh2.SigningRequestOptions | ssh2.SignCallback,
    done?: ssh2.SignCallback,
  ): void {
    const reply = typeof options === "function" ? options : done;
    reply?.(undefined, this.own.sign(data as never));
  }
}

Deno.test("a public key without its private half opens nothing", () =>
  withServer(async ({ dir, port, shown }) => {
    const parse = (text: string) => {
      const key = ssh2.utils.parseKey(text);
      assert.ok(!(key instanceof Error));
      return key;
    };
    const agent = new Forger(
      parse(await Deno.readTextFile(`${dir}/good.pub`)),
      parse(await Deno.readTextFile(`${dir}/wrong`)),
    );
    const client = new ssh2.Client();
    const level = await new Promise((resolve) => {
      client.on("ready", () => resolve("ready"));
      client.on("error", (error) => resolve(error.level));
      client.connect({ host: "127.0.0.1", port, username: "x", agent });
    });
    client.end();
    assert.equal(level, "client-authentication");
    assert.equal(shown.length, 2, "it was asked for, and it was signed");
  }));
