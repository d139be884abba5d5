/**
 * What was done to a service, when, by whom, with what outcome.
 * @module
 */
import type { ActionRecord, DeploymentRecord, Step } from "../service/ledger.ts";
import { short } from "../service/service.ts";
import { StatusError } from "../ssh/status.ts";
import { visible, visibleLines } from "../visible.ts";
import { type Call, type Command, print, value } from "./command.ts";

/** How many deployments, and how many commands, are shown unless it is said. */
const SHOWN = 50;

/** Deployments and commands, or one deployment with its steps and output. */
export const history: Command = {
  name: "history",
  role: "read",
  summary:
    "show deployments and commands, newest first; with a DEPLOYMENT's number that one, its steps and output",
  args: "[DEPLOYMENT]",
  arity: [0, 1],
  options: [
    { name: "json", summary: "for machines" },
    {
      name: "number",
      short: "n",
      value: "N",
      summary: "only the newest N",
      pattern: /^\d{1,6}$/,
    },
  ],
  async run(call) {
    const { service: { host: { ledger }, config }, args: [number] } = call;
    if (number !== undefined) {
      if (!call.options.has("number")) return await showOne(call, number);
      throw new StatusError(400, `-n is for the list: history ${number} shows that deployment`);
    }
    const given = value(call, "number");
    const limit = given === undefined ? undefined : Number(given);
    const deployments = ledger.deployments(config.name, limit ?? SHOWN);
    const actions = ledger.actions(config.name, limit ?? SHOWN);
    const newest = [
      ...deployments.map((deployment) => ({ at: deployment.started, deployment })),
      ...actions.map((action) => ({ at: action.at, action })),
    ].sort((a, b) => b.at.localeCompare(a.at)).slice(0, limit);
    if (call.options.has("json")) {
      const shown = {
        deployments: newest.flatMap((one) => "deployment" in one ? shorten(one.deployment) : []),
        actions: newest.flatMap((one) => "action" in one ? one.action : []),
      };
      await print(call, JSON.stringify(shown, null, 2) + "\n");
    } else {
      const lines = newest.map((one) =>
        `${one.at}  ${
          "action" in one ? describeAction(one.action) : describeDeployment(one.deployment)
        }\n`
      );
      await print(call, lines.join(""));
    }
    return 0;
  },
};

async function showOne(call: Call, text: string): Promise<number> {
  const { service: { host: { ledger }, config } } = call;
  const record = /^\d{1,9}$/.test(text) ? ledger.deployment(config.name, Number(text)) : undefined;
  if (!record) throw new StatusError(400, `there was no deployment ${text}, history lists them`);
  const steps = record.steps === "" ? [] : JSON.parse(record.steps) as Step[];
  if (call.options.has("json")) {
    const shown = { ...shorten(record), steps, output: record.output };
    await print(call, JSON.stringify(shown, null, 2) + "\n");
    return 0;
  }
  const times = [...steps.map(({ at }) => at), record.ended ?? record.started];
  const lines = [
    `${record.started}  ${describeDeployment(record)}`,
    ...steps.map(({ line, at }, index) => {
      const took = (Date.parse(times[index + 1] ?? at) - Date.parse(at)) / 1000;
      return `${at}  ${took.toFixed(1).padStart(6)} s  ${visibleLines(line)}`;
    }),
    ...record.output === "" ? [] : ["", record.output.trimEnd()],
  ];
  await print(call, lines.map((line) => `${line}\n`).join(""));
  return 0;
}

/** A deployment without its steps and output. */
function shorten({ steps: _steps, output: _output, ...rest }: DeploymentRecord) {
  return rest;
}

function describeDeployment(record: DeploymentRecord): string {
  const { number, revision, cause, actor, started, ended, outcome, detail } = record;
  const took = ended
    ? ` after ${((Date.parse(ended) - Date.parse(started)) / 1000).toFixed(1)} s`
    : "";
  return `deployment ${number} of ${short(revision)}, ${cause} by ${
    visible(actor)
  }: ${outcome}${took}${detail ? `: ${visibleLines(detail)}` : ""}`;
}

function describeAction({ actor, command, before, after, trouble }: ActionRecord): string {
  const moved = before === after ? "" : `, deployment ${before ?? "none"} to ${after ?? "none"}`;
  return visible(`${command} by ${actor}${moved}${trouble ? `: ${trouble}` : ""}`);
}
