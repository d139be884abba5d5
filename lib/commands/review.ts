/**
 * Commands that say what PGO makes of a revision, and would do with it.
 * @module
 */
import { formatFinding, isRefused } from "../compose/problem.ts";
import { verdictJson, verdictText } from "../compose/verdict.ts";
import { RemoteError } from "../host/git_remote.ts";
import { inspectRevision } from "../service/candidate.ts";
import { type Plan, plan as planRevision } from "../service/plan.ts";
import { fromMirror } from "../service/follow.ts";
import { short } from "../service/service.ts";
import { StatusError } from "../ssh/status.ts";
import { type Call, type Command, print } from "./command.ts";

/** Exit codes: what a pipeline can tell apart. */
const CHANGES = 10;
const REFUSED = 65;

const JSON_OPTION = { name: "json", summary: "for machines" };

/** The tip's compose file as PGO resolves and judges it. */
export const config: Command = {
  name: "config",
  role: "read",
  summary:
    "show the compose file of the tip as PGO resolves it, and whether it is allowed; 65 if not",
  args: "",
  arity: [0, 0],
  options: [JSON_OPTION],
  async run(call) {
    const verdict = await look(call, await revisionOf(call));
    const { model, findings } = verdict;
    const text = call.options.has("json")
      ? JSON.stringify(verdictJson({ model, findings }), null, 2) + "\n"
      : verdictText({ model, findings });
    await print(call, text);
    return isRefused(findings) ? REFUSED : 0;
  },
};

/** What a deployment would do. */
export const plan: Command = {
  name: "plan",
  role: "read",
  summary:
    "show what a deployment of the tip, or of another revision, would do; 0 nothing, 10 changes, 65 refused",
  args: "[REV]",
  arity: [0, 1],
  options: [JSON_OPTION],
  async run(call) {
    const revision = await revisionOf(call);
    const found = await fromMirror(call.service, () => planRevision(call.service, revision));
    await print(
      call,
      call.options.has("json") ? JSON.stringify(found, null, 2) + "\n" : describe(found),
    );
    return isRefused(found.findings) ? REFUSED : found.deploys ? CHANGES : 0;
  },
};

function look({ service }: Call, revision: string) {
  return fromMirror(service, () => inspectRevision(service, revision));
}

async function revisionOf(call: Call): Promise<string> {
  const { git, config, tip } = call.service;
  const [name] = call.args;
  try {
    return await git.findRevision(name ?? config.branch, call.signal);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    // What was fetched before can be looked at without the remote.
    if (name === undefined && tip) return tip;
    throw new StatusError(name === undefined ? 500 : 400, error.message);
  }
}

function describe({ from, to, deploys, files, services, findings }: Plan): string {
  const refused = isRefused(findings);
  const head = refused
    ? `${short(to)} is refused, what runs would stay`
    : deploys
    ? `${short(to)} would be deployed, ${from ? `in place of ${short(from)}` : "as the first"}`
    : files.length > 0
    ? `${short(to)} changes nothing that is deployed: the checkout follows`
    : `${short(to)} changes nothing`;
  const lines = [
    head,
    ...findings.map((one) => `  ${one.kind}: ${formatFinding(one)}`),
    ...services.map(({ name, change, reasons }) =>
      `  service ${name}: ${change}${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`
    ),
    ...files.slice(0, 100).map(({ path, change }) => `  file ${path}: ${change}`),
    ...files.length > 100 ? [`  and ${files.length - 100} more files`] : [],
  ];
  return lines.map((line) => `${line}\n`).join("");
}
