/**
 * From an exec line to a command that ran: the one gate that all of them pass.
 * @module
 */
import { SSH_LIMITS, type SshLimits } from "../config/ssh.ts";
import type { FieldsOf } from "../events.ts";
import { onBehalfOf } from "../host/behalf.ts";
import { about, type Log } from "../log.ts";
import type { Fleet } from "../service/fleet.ts";
import { suffices } from "../ssh/access.ts";
import { decodeLine } from "../ssh/protocol.ts";
import type { ExecRequest } from "../ssh/session.ts";
import { ClientEnd } from "../ssh/signals.ts";
import { StatusError } from "../ssh/status.ts";
import { visible } from "../visible.ts";
import { AtOnce } from "./at_once.ts";
import type { Authority } from "./authority.ts";
import { readWords } from "./command.ts";
import { runOnHost } from "./host.ts";
import { ping } from "./observe.ts";
import { COMMANDS } from "./table.ts";

/** What becomes known of a request while it is carried out. */
type Facts = Partial<FieldsOf<"ssh.command">>;

/** Of the SSH server's limits those of single commands. */
type Limits = Pick<SshLimits, "line" | "commands">;

/** Characters of what a client sent that are logged. */
const LOGGED = 100;

/**
 * Carries out the requests of authenticated clients. A key that does not belong to the service gets the
 * same 401 whether the service exists or not: nobody but an admin learns names.
 */
export function createHandler(
  fleet: Pick<Fleet, "find" | "services">,
  authority: Authority,
  log: Log,
  /** Asked anew for each command. */
  limits: () => Limits = () => SSH_LIMITS,
): (request: ExecRequest) => Promise<number> {
  const atOnce = new AtOnce();
  return async (request) => {
    const started = performance.now();
    const { remote, key, user, traffic } = request;
    const facts: Facts = { comment: key.comment || undefined };
    let status = 500;
    try {
      status = await carryOut({ fleet, authority, atOnce, limits: limits() }, request, facts);
      return status;
    } catch (error) {
      const told = endOf(request.signal, error);
      status = told instanceof StatusError || told instanceof ClientEnd ? told.status : 500;
      if (told instanceof ClientEnd || status === 500) facts.error = oneLine(told, error);
      throw told;
    } finally {
      log.info("ssh.command", "Command", {
        remote,
        login: user,
        key: key.fingerprint,
        ...facts,
        status,
        received: traffic.received,
        sent: traffic.sent,
        ms: Math.round(performance.now() - started),
        gone: hasLeft(request.signal) || undefined,
      });
    }
  };
}

/** What a failure is once the client has ended its command: that, unless it was refused, or failed by itself. */
function endOf({ reason }: AbortSignal, error: unknown): unknown {
  if (!(reason instanceof ClientEnd)) return error;
  if (!(error instanceof StatusError)) return reason;
  return reason.signal && error.status === 500 ? reason : error;
}

function hasLeft({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof ClientEnd && reason.signal);
}

/** Why `error` came, and itself. */
function oneLine(why: unknown, error: unknown): string {
  const [{ message }, { message: itself }] = [why as Error, error as Error];
  return (itself.includes(message) ? itself : `${message}: ${itself}`).split("\n")[0] ?? "";
}

async function carryOut(
  { fleet, authority, atOnce, limits }: {
    fleet: Pick<Fleet, "find" | "services">;
    authority: Authority;
    atOnce: AtOnce;
    limits: Limits;
  },
  request: ExecRequest,
  facts: Facts,
): Promise<number> {
  const { user, key } = request;
  if (request.line === undefined) {
    throw new StatusError(400, `No commands in connection for user ${JSON.stringify(user)}`);
  }
  const { service: name, command: word, args } = decodeLine(request.line, limits.line);
  facts.service = name.slice(0, LOGGED) || undefined;
  facts.command = word.slice(0, LOGGED);
  const asker = { blob: key.blob, address: request.address, now: Date.now() };
  if (name === "") {
    const { signal } = request;
    const call = { fleet, authority, asker, request };
    const place = { service: name, key: key.fingerprint };
    const run = () => runOnHost(word, args, call);
    return await atOnce.run(place, limits.commands, () => onBehalfOf({ signal }, run));
  }
  const service = fleet.find(name);
  const grant = service && authority.grant(service, asker);
  if (!grant) {
    if (!service && authority.admin(asker)) {
      throw new StatusError(404, `No service found with name ${JSON.stringify(name)}`);
    }
    throw new StatusError(
      401,
      `Key for user ${JSON.stringify(user)} does not match any for name ${name}`,
    );
  }
  facts.comment = grant.comment || undefined;
  facts.role = grant.role;
  const command = COMMANDS.find(({ name }) => name === word);
  if (!command) {
    const known = COMMANDS.map(({ name }) => name).join(", ");
    throw new StatusError(
      406,
      `Command ${JSON.stringify(word)} does not match any route, expected one of ${known}`,
    );
  }
  if (!suffices(grant.role, command.role)) {
    throw new StatusError(
      401,
      `Key ${grant.fingerprint} has the role "${grant.role}" for ${name}, but ${word} needs ` +
        `"${command.role}": pgo-role="${command.role}" before the key in ${grant.file} gives it`,
    );
  }
  // Another line of the key may have let it ask for one: what counts is this service's.
  if (request.terminal && !grant.pty && command.passthrough) {
    throw new StatusError(
      401,
      `Key ${grant.fingerprint} gets no terminal for ${name}, says ${grant.file}: ask without -t`,
    );
  }
  const terminal = grant.pty ? request.terminal : undefined;
  const words = readWords(command, args);
  // Of a program in a container its name is enough: its arguments may be secrets.
  const shown = words.args.slice(0, command.passthrough ? 2 : LOGGED).join(" ");
  facts.args = shown.slice(0, LOGGED) || undefined;
  // What nobody reads would wait in memory.
  if (!command.passthrough) void request.stdin.cancel();
  // What only looks is of no use to anybody once its client is gone; what changes something comes to its end.
  const signal = command.role === "read" ? request.signal : undefined;
  const behalf = { user: service.user.name, signal };
  const { fingerprint, comment } = grant;
  const place = { service: name, key: fingerprint };
  const actor = comment ? `${fingerprint} (${visible(comment)})` : fingerprint;
  try {
    const deploys = (deployment: number) => void (facts.deployment = deployment);
    const call = { ...request, ...words, terminal, service, actor, deploys };
    const run = () => about({ service: name }, () => onBehalfOf(behalf, () => command.run(call)));
    // It costs next to nothing, and shows whether pgod can be reached at all.
    return command === ping ? await run() : await atOnce.run(place, limits.commands, run);
  } catch (error) {
    if (error instanceof StatusError || request.signal.aborted) throw error;
    throw new StatusError(500, (error as Error).message);
  }
}
