/**
 * Top-level networks and volumes against the config: whose they are.
 * @module
 */
import type { Model, NamedResource } from "./model.ts";
import type { Add, Policy } from "./policy.ts";
import { judgeLabels } from "./policy_labels.ts";
import { type Finding, finding } from "./problem.ts";

/** A network that a service of another user may use. */
export interface ForeignNetwork {
  network: string;
  service: string;
  user: string;
}

/** Refuses a network or volume that may be another service's. */
export function judgeResource(
  { at, external, podmanName, labels }: NamedResource,
  policy: Policy,
  kind: "networks" | "volumes",
  add: Add,
): void {
  if (external && !policy[kind].includes(podmanName ?? "")) {
    const other = kind === "networks" &&
      policy.foreignNetworks?.find(({ network }) => network === podmanName);
    if (other) add(at, separate(other));
    else {
      add(
        at,
        `${podmanName} belongs to somebody else`,
        `${kind} = [${JSON.stringify(podmanName)}]`,
      );
    }
  }
  if (!external && podmanName !== undefined && !podmanName.startsWith(`${policy.service}_`)) {
    const message = `${podmanName} could be another service's`;
    add(at, `${message}, expected a name that begins with "${policy.service}_"`);
  }
  judgeLabels(labels, add);
}

const separate = ({ network, service, user }: ForeignNetwork) =>
  `${network} is a network of service "${service}" and its user ${user}, and each user has networks of its own: ` +
  `what services of two users say to each other goes through a published port, at host.containers.internal`;

/** Says of allowed networks that they are not the ones of other users under the same name. */
export function separateNetworks({ networks }: Model, policy: Policy): Finding[] {
  return networks.flatMap(({ external, podmanName, at }) => {
    const other = policy.foreignNetworks?.find(({ network }) => network === podmanName);
    return external && other && policy.networks.includes(podmanName ?? "")
      ? [finding("note", at, separate(other))]
      : [];
  });
}
