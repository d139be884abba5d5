/**
 * What the demo tells: from an empty host to a redeploy and a refused key, step by step.
 * @module
 */
import { fileURLToPath } from "node:url";
import { quote } from "shlex";
import { pgoctlPermissions } from "../../lib/client/pgoctl_manual.ts";
import { freePort, page, until } from "./loopback.ts";
import { CONFIG, type Pgod, startPgod } from "./pgod.ts";
import { buildBase, createRepository } from "./repository.ts";
import { createRun } from "./run.ts";
import { prepareUser, USER } from "./user.ts";

const PGOCTL = fileURLToPath(new URL("../../pgoctl.ts", import.meta.url));

/** The demo's directory, and what runs by now. */
export interface Stage {
  dir: string;
  /** pgod's log file. */
  log: string;
  pgod?: Pgod;
}

const title = (text: string) => console.log(`\n\x1b[1m== ${text}\x1b[0m`);

/** Tells the story until `signal` aborts; returns how to go on with what runs at its end. */
export async function tell(stage: Stage, signal: AbortSignal): Promise<string> {
  const { dir, log } = stage;
  const run = createRun(signal);

  title("1. What rootless Podman needs, and a user for the service");
  // Packages are not left half installed, whatever the signal.
  console.log(await prepareUser(createRun()));
  await run(["chmod", "755", dir]);
  await Deno.mkdir(`${dir}/home/.ssh`, { recursive: true });

  title("2. A base image, two keys, and a repository with one of them in ssh/");
  await buildBase(run, dir);
  for (const name of ["id_good", "id_wrong"]) {
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", `${dir}/${name}`]);
  }
  const port = freePort();
  const url = `http://127.0.0.1:${port}/`;
  const push = await createRepository(run, dir, port);
  await push(1, "Hello from the first revision");

  title("3. The config, and pgod under exactly the permissions it needs");
  const ssh = freePort();
  const config = `[[services]]
name = "demo"
user = "${USER}"
repository = "file://${dir}/demo.git"
branch = "main"
urls = { "demo.example.org" = ":${port}" }
ports = ["${port}/0"]
`;
  await Deno.writeTextFile(`${dir}/${CONFIG}`, config);
  console.log(config);
  const flags = ["-c", `${dir}/${CONFIG}`, "-s", `127.0.0.1:${ssh}`, "--dir", `${dir}/lib`];
  const pgod = stage.pgod = await startPgod(run, flags, log);
  await until(`the container answers on ${url}`, signal, async () => await page(url) !== "");
  console.log(`   ${await page(url)}`);
  await until(
    "pgod has watched it for a while",
    signal,
    async () => (await Deno.readTextFile(log)).includes("is live"),
  );

  title("4. pgoctl with the key from the repository");
  const env = {
    HOME: `${dir}/home`,
    USER: "you",
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
  };
  const deno = ["deno", "run", "-q", ...pgoctlPermissions(env.HOME), PGOCTL];
  const pgoctl = (key: string, command: string, fails = false) => {
    const rest = ["-p", `${ssh}`, `localhost:demo//${command}`];
    const show = `pgoctl -i ${key} ${rest.join(" ")}`;
    return run([...deno, "-i", `${dir}/${key}`, ...rest], { env, fails, show });
  };
  for (const command of ["ping", "ps", "logs"]) await pgoctl("id_good", command);

  title("5. A push that changes the compose file");
  await push(2, "Hello from the second revision");
  await until("the new page", signal, async () => (await page(url)).includes("second"));
  console.log(`   ${await page(url)}`);
  await pgoctl("id_good", "status");

  title("6. A key that is not in the repository");
  await pgoctl("id_wrong", "ps", true);
  title("PGO did its whole job.");
  const [home, key, all] = [env.HOME, `${dir}/id_good`, dir].map(quote);
  return `everything is in ${dir}, pgod is process ${pgod.pid} and logs to ${log}, the page is ${url}
Try: HOME=${home} deno task pgoctl -i ${key} -p ${ssh} localhost:demo//status
End: kill ${pgod.pid}; runuser -l ${USER} -c 'podman rm -af -t 1'; rm -rf ${all}`;
}
