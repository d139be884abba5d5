/**
 * The texts of a deployment's files beside its run file. They lie in a directory of the service's own Unix user, who
 * can write anything there: they are checked before anything of them is believed.
 * @module
 */
import * as v from "valibot";
import type { StartPlan } from "../compose/start_plan.ts";

/** Services of one deployment at most, and what each of them waits for. */
const SERVICES = 5_000;
/** Ports of one service at most: all there are, over both protocols. */
const PORTS = 2 * 65_535;

const NAME = v.pipe(v.string(), v.minLength(1), v.maxLength(1_000));
const NAMES = v.pipe(v.array(NAME), v.maxLength(SERVICES));
const PORT = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const TIME = v.pipe(v.number(), v.finite(), v.minValue(0));
const CHECK = v.object({
  argv: v.array(v.string()),
  interval: TIME,
  timeout: TIME,
  startPeriod: TIME,
  retries: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9_999)),
});
const WANTED = v.object({
  name: NAME,
  ports: v.pipe(
    v.array(v.object({ ip: v.pipe(v.string(), v.maxLength(100)), port: PORT })),
    v.maxLength(PORTS),
  ),
  published: v.pipe(
    v.array(v.object({ port: PORT, protocol: v.picklist(["tcp", "udp"]) })),
    v.maxLength(PORTS),
  ),
  check: v.optional(v.nullable(CHECK)),
  mayEnd: v.boolean(),
  restarts: v.boolean(),
});
const PLAN = v.object({
  groups: v.pipe(
    v.array(v.object({
      services: NAMES,
      first: v.pipe(
        v.array(v.object({
          service: NAME,
          condition: v.picklist(["service_healthy", "service_completed_successfully"]),
        })),
        v.maxLength(SERVICES),
      ),
    })),
    v.maxLength(SERVICES),
  ),
  wanted: v.pipe(v.array(WANTED), v.maxLength(SERVICES)),
});
/**
 * Names that glibc hides from programs that run for somebody else. The program that switches to the service's user
 * is root's, so none of them may come from that user.
 */
const UNSAFE =
  /^(GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|HOSTALIASES|LD_.*|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|PATH|RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZDIR)$/;
const VARIABLE = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][\w.-]*$/),
  v.check((name) => !UNSAFE.test(name)),
);
const VALUE = v.pipe(v.string(), v.check((text) => !text.includes("\0")));
const VARIABLES = v.record(VARIABLE, VALUE);

/** Reads how a deployment is started; undefined where it is not what pgod writes. */
export function parseStartPlan(text: string): StartPlan | undefined {
  const { success, output } = v.safeParse(PLAN, parse(text), { abortEarly: true });
  if (!success) return undefined;
  const { groups, wanted } = output;
  return { groups, wanted: wanted.map((one) => ({ ...one, check: one.check })) };
}

/** Reads the values of a deployment's variables; undefined where they are not what pgod writes. */
export function parseVariables(text: string): Record<string, string> | undefined {
  const { success, output } = v.safeParse(VARIABLES, parse(text), { abortEarly: true });
  return success ? output : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
