/**
 * The files that `pgoctl init` writes: pure text.
 * @module
 */
import { DEFAULT_PORT } from "../ssh/protocol.ts";
import type { Ci } from "./options.ts";

/** What the first compose file starts. */
export interface FirstService {
  /** undefined: what the repository's own Containerfile builds. */
  image: string | undefined;
  hostPort: number;
  containerPort: number;
}

/** The smallest compose file of a service that can be seen. */
export function composeText({ image, hostPort, containerPort }: FirstService): string {
  return `# What pgod runs: https://compose-spec.io. A push that changes this file is deployed.
services:
  web:
    ${image === undefined ? "build: ." : `image: ${JSON.stringify(image)}`}
    init: true # stops at once where the program itself minds no SIGTERM
    ports: ["${hostPort}:${containerPort}"] # host port : port in the container
x-gpo-version: 1 # change it to deploy when nothing else in this file has changed
`;
}

/** What a CI job has to know. */
export interface Job {
  /** undefined: the CI's variable PGO_HOST says. */
  host: string | undefined;
  /** Port of pgod; undefined: the usual one. */
  port: number | undefined;
  service: string;
  branch: string;
}

/** Where a job is written to, and the CI variable that holds the private key. */
export const JOB_FILES: Record<Ci, { path: string; variable: string }> = {
  gitlab: { path: ".gitlab-ci.yml", variable: "SSHKEY" },
  github: { path: ".github/workflows/pgo.yml", variable: "PGO_KEY" },
};

/** Steps for a runner that has no pgoctl, as comments: whose commit is to be trusted is for people to say. */
const GET_PGOCTL =
  `      # A runner without pgoctl gets it here: PGO is the URL of PGO's repository, COMMIT the one that you trust.
      # - uses: denoland/setup-deno@v2
      # - run: |
      #     git clone -q PGO ~/pgo && git -C ~/pgo checkout -q COMMIT
      #     mkdir -p ~/bin && printf '#!/bin/sh\\nexec ~/pgo/pgoctl.ts "$@"\\n' > ~/bin/pgoctl
      #     chmod +x ~/bin/pgoctl && echo ~/bin >> "$GITHUB_PATH"
`;

/** A CI job that makes the pushed revision live, and fails when that did not work. */
export function jobText(ci: Ci, job: Job): string {
  const command = (name: string, key = "") => {
    const port = job.port === undefined ? "" : `-p ${job.port} `;
    return `pgoctl ${key}${port}${job.host ?? "$PGO_HOST"}:${job.service}//${name}`;
  };
  if (ci === "gitlab") {
    const [pull, build, up, down] = ["pull", "build", "up", "down"].map((name) =>
      command(name, "-i $SSHKEY ")
    );
    return `# pgoctl has to be in the runner's image. SSHKEY is a CI/CD variable: the private key, protected, best of type "file".
# PGOCTL_HOST_KEY, if it is one too, is the only host key that is taken: what "ssh-keyscan -p ${
      job.port ?? DEFAULT_PORT
    } HOST" prints.
deploy_production:
  stage: deploy
  resource_group: production
  script:
    - ${pull}
    - ${build}
    - ${up}
  environment: { name: production, on_stop: stop_production }
  rules:
    - if: $CI_COMMIT_BRANCH == ${JSON.stringify(job.branch)}

stop_production:
  stage: deploy
  resource_group: production
  script:
    - ${down}
  environment: { name: production, action: stop }
  rules:
    - if: $CI_COMMIT_BRANCH == ${JSON.stringify(job.branch)}
      when: manual
      allow_failure: true
`;
  }
  const host = job.host === undefined ? '\n      PGO_HOST: "${{ vars.PGO_HOST }}"' : "";
  return `# pgoctl has to be there: on the runner, by the first steps below, or in an image that \`container:\` names.
name: deploy
on: { push: { branches: [${JSON.stringify(job.branch)}] } }
concurrency: production
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    env:
      PGOCTL_ID: "\${{ secrets.PGO_KEY }}"${host}
      # The only host key that is taken: what "ssh-keyscan -p ${
    job.port ?? DEFAULT_PORT
  } HOST" prints.
      # PGOCTL_HOST_KEY: "\${{ vars.PGO_HOST_KEY }}"
    steps:
${GET_PGOCTL}${["pull", "build", "up"].map((name) => `      - run: ${command(name)}\n`).join("")}`;
}

/** The CI that a remote's URL names. */
export function ciOf(url: string | undefined): Ci | undefined {
  const [, host = ""] = /^(?:\w+:\/\/)?(?:[^/@]*@)?([^/:]+)/.exec(url ?? "") ?? [];
  return /gitlab/i.test(host) ? "gitlab" : /github/i.test(host) ? "github" : undefined;
}

/** A host port for a service nobody has given one yet: always the same for a name, seldom the same for two. */
export function portFor(service: string): number {
  let hash = 0;
  for (const byte of new TextEncoder().encode(service)) hash = (hash * 31 + byte) % 10_000;
  return 20_000 + hash;
}
