/**
 * A fault: what happens, what has to come of it, and which protection makes it so.
 * @module
 */
import type { Mutation, Scene } from "./scene.ts";

/** One row of the table. */
export interface Fault {
  name: string;
  /** Makes it happen; throws when the step it is about was not reached. */
  happen(scene: Scene): Promise<void>;
  /** What else has to be true in the end. */
  holds?(scene: Scene): Promise<boolean>;
  /** The page in the end: `one` ran before, `""` is nothing. */
  expected: string;
  /** Whether containers have to start for it: then, and only then, may a visitor notice. */
  starts: boolean;
  /** Takes the protection away: then the fault has to do harm. */
  without: Mutation[];
  /** What that harm is, in a few words. */
  harm: string;
}

/** The ancestor's order: down first, then everything that may fail. */
export const DOWN_FIRST: Mutation[] = [{
  file: "lib/service/deploy.ts",
  find: "      await pull(service, prepared, output);",
  replace:
    '        await (await import("./switch.ts")).takeDown(service, host.ledger.service(config.name).live, output);\n      await pull(service, prepared, output);',
}];
