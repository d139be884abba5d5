/**
 * Sites as nginx has them, to be included in its `http` block. Pure.
 * @module
 */
import type { NginxConfig } from "../config/proxy.ts";
import { HEADER, type Route, type Site } from "./sites.ts";

// The client's own X-Forwarded-For would pass for what a proxy said.
const HEADERS = `	proxy_http_version 1.1;
	proxy_set_header Host $host;
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_set_header X-Forwarded-Host $host;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header Upgrade $http_upgrade;
	proxy_set_header Connection $pgo_connection;`;

// nginx cannot wait for a service that does not answer, but clients can be told to.
const DOWN = `	error_page 502 504 @pgo_down;
	location @pgo_down {
		add_header Retry-After 2 always;
		return 503;
	}`;

const MAP = `map $http_upgrade $pgo_connection {
	default upgrade;
	'' '';
}
`;

/** The whole file. */
export function nginxFile(sites: readonly Site[], { listen }: Pick<NginxConfig, "listen">): string {
  const blocks = sites.map(({ name, routes }) =>
    [
      "server {",
      ...listen.map((address) => `\tlisten ${address};`),
      `\tserver_name ${name};`,
      HEADERS,
      ...routes.flatMap(location),
      ...(routes.some(({ path }) => path === "")
        ? []
        : ["\tlocation / {", "\t\treturn 404;", "\t}"]),
      DOWN,
      "}\n",
    ].join("\n")
  );
  return [HEADER, ...(blocks.length > 0 ? [MAP] : []), ...blocks].join("\n");
}

function location({ path, upstream, service }: Route): string[] {
  // Below /api is not all that begins with it, /apix for one.
  const places = path === "" ? ["/"] : [`= ${path}`, `${path}/`];
  return places.flatMap((place) => [
    `\tlocation ${place} {`,
    `\t\t# service ${service}`,
    `\t\tproxy_pass http://${upstream};`,
    "\t}",
  ]);
}
