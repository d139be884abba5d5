/**
 * Labels that a compose file may not give: they steer Podman, compose or PGO.
 * @module
 */
import type { Attribute } from "./model.ts";
import type { Add } from "./policy.ts";

const RESERVED_LABELS = /^(pgo\.|io\.podman\.|com\.docker\.|io\.containers\.|PODMAN_SYSTEMD_UNIT$)/;

/** Refuses those among `labels`. */
export function judgeLabels(labels: Readonly<Record<string, Attribute>>, add: Add): void {
  for (const [label, { at }] of Object.entries(labels)) {
    if (RESERVED_LABELS.test(label)) {
      add(at, `the label ${label} steers podman or PGO`);
    }
  }
}
