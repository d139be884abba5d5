#!/usr/bin/env -S deno run --no-prompt --allow-net --allow-read --allow-write=${HOME}/.ssh --allow-env=HOME,LOGNAME,PGOCTL_ID,USER
/**
 * pgoctl: operates a service of a pgod. Flags, wiring, exit code.
 * @module
 */
import { ClientError, UsageError } from "./lib/client/error.ts";
import { readIdentity } from "./lib/client/identity.ts";
import { readOptions } from "./lib/client/options.ts";
import { EXIT, PGOCTL_MANUAL, STATUS_EXIT } from "./lib/client/pgoctl_manual.ts";
import { pinHost } from "./lib/client/pinning.ts";
import { runRemote } from "./lib/client/client.ts";
import { renderHelp } from "./lib/manual.ts";
import { encodeLine } from "./lib/ssh/protocol.ts";
import { StatusError } from "./lib/ssh/status.ts";
import { VERSION } from "./lib/version.ts";

/** Runs pgoctl with `argv`; returns its exit code. */
async function main(argv: string[]): Promise<number> {
  const options = readOptions(argv);
  if (options.help) {
    console.log(renderHelp(PGOCTL_MANUAL));
    return 0;
  }
  if (options.version) {
    console.log(`pgoctl ${VERSION}`);
    return 0;
  }
  const { target, args, port } = options;
  const user = target.user ?? Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? "pgoctl";
  const home = Deno.env.get("HOME") ?? "";
  const knownHosts = options.knownHosts ?? `${home}/.ssh/known_hosts`;
  const say = (line: string) => console.error(line);
  try {
    const privateKey = await readIdentity(options.identity, Deno.env.get("PGOCTL_ID"));
    const status = await runRemote({
      host: target.host,
      port,
      user,
      privateKey,
      line: encodeLine({ service: target.service, command: target.command, args }),
      verifyHost: (key) =>
        pinHost({ file: knownHosts, host: target.host, port, key, strict: options.strict, say }),
      // Only exec reads it; anything else would swallow the input of a script that calls pgoctl.
      ...(target.command === "exec" ? { stdin: Deno.stdin.readable } : {}),
      stdout: (chunk) => writeAll(Deno.stdout, chunk),
      stderr: (chunk) => writeAll(Deno.stderr, chunk),
    });
    if (status <= 255) return status;
    say(`Process exited with status ${status}`);
    return STATUS_EXIT[status as keyof typeof STATUS_EXIT] ?? EXIT.internal;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.kind === "unauthorized") {
      const message = `Key for user ${
        JSON.stringify(user)
      } does not match any for name ${target.service}`;
      say(new StatusError(401, message).line);
      say("Process exited with status 401");
      return EXIT.unauthorized;
    }
    say(`pgoctl: ${error.message}`);
    return {
      "host key": EXIT.hostKey,
      key: EXIT.usage,
      unreachable: EXIT.unreachable,
      lost: EXIT.unreachable,
    }[error.kind];
  }
}

async function writeAll(
  to: { write(chunk: Uint8Array): Promise<number> },
  chunk: Uint8Array,
): Promise<void> {
  for (let at = 0; at < chunk.length;) at += await to.write(chunk.subarray(at));
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`pgoctl: ${error.message} (pgoctl --help shows more)`);
    Deno.exit(EXIT.usage);
  }
  if (error instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.internal);
  console.error(`pgoctl: ${error instanceof Error ? error.message : error}`);
  Deno.exit(EXIT.internal);
}
