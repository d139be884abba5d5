/**
 * The version of PGO, said once in `deno.json`, and the revision it was built from.
 * @module
 */
import project from "../deno.json" with { type: "json" };

/** Stands at the top of a bundle (scripts/bundle.ts); a checkout knows nothing of it. */
declare const PGO_REVISION: string | undefined;

/** `0.1.0` */
export const VERSION: string = project.version;
const REVISION = typeof PGO_REVISION === "string" ? PGO_REVISION : "";

/** Whether this is a bundle, not a checkout. */
export const BUILT: boolean = typeof PGO_REVISION === "string";

/** What `-v` says: `0.1.0 (889a2c7ff614)`, or `0.1.0` alone from a checkout. */
export const LONG_VERSION: string = REVISION ? `${VERSION} (${REVISION})` : VERSION;
