/**
 * The version of PGO, said once in `deno.json`.
 * @module
 */
import project from "../deno.json" with { type: "json" };

/** `0.1.0` */
export const VERSION: string = project.version;
