/**
 * The command table: everything that may be asked of a service.
 * @module
 */
import type { Command } from "./command.ts";
import { freeze, rollback, unfreeze } from "./control.ts";
import { history } from "./history.ts";
import { build, pull, sync, up } from "./deploying.ts";
import { exec } from "./exec.ts";
import { down, restart, start, stop } from "./lifecycle.ts";
import { logs } from "./logs.ts";
import { ping, ps, status } from "./observe.ts";
import { ports } from "./ports.ts";
import { config, plan } from "./review.ts";

/** All commands, in the order people read them. */
export const COMMANDS: readonly Command[] = [
  ping,
  status,
  ps,
  ports,
  logs,
  exec,
  pull,
  build,
  up,
  down,
  start,
  stop,
  restart,
  sync,
  freeze,
  unfreeze,
  rollback,
  history,
  config,
  plan,
];
