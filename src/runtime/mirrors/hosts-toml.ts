/**
 * containerd's hosts.toml: where the images of a registry are taken from (containerd docs/hosts.md). It is read at every
 * pull, so a change needs no restart.
 */

import type { RegistryAccess, RegistryEndpoint } from '../runtime.ts';

/**
 * A file that lets only the cluster's registry answer for another one: what is named as `server` replaces the original, so
 * nothing ever falls through to the internet. The other endpoints are tried first, in order, and the server last;
 * naming it in both places would ask it twice for what is not there.
 * @param folder of the repositories of that registry, as in `docker.io`; undefined: names as they are asked for
 */
export function hostsToml(registry: RegistryAccess, folder: string | undefined): string {
  const endpoints = registry.endpoints.slice(0, -1);
  const last = registry.endpoints.at(-1);
  if (last === undefined) return '# The cluster has no registry: nothing is pulled.\nserver = "https://127.0.0.1:1"\n';
  return [
    '# Written by sealer.',
    `server = ${quote(urlOf(last, folder))}`,
    ...settings(registry, last, folder),
    ...headers(registry, 'header'),
    ...endpoints.flatMap((endpoint) => {
      const table = `host.${quote(urlOf(endpoint, folder))}`;
      return ['', `[${table}]`, ...settings(registry, endpoint, folder), ...headers(registry, `${table}.header`)];
    }),
    '',
  ].join('\n');
}

/** TOML's basic string. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

function urlOf({ scheme, authority }: RegistryEndpoint, folder: string | undefined): string {
  return folder === undefined ? `${scheme}://${authority}` : `${scheme}://${authority}/v2/${folder}`;
}

/** A plain http endpoint must have no TLS settings at all: with any of them containerd tries https first (hosts.go). */
function settings(
  registry: RegistryAccess,
  { scheme }: RegistryEndpoint,
  folder: string | undefined,
): readonly string[] {
  return [
    'capabilities = ["pull", "resolve"]',
    ...(folder === undefined ? [] : ['override_path = true']),
    ...(scheme === 'https' && registry.caFile !== undefined ? [`ca = ${quote(registry.caFile)}`] : []),
  ];
}

function headers({ credentials }: RegistryAccess, table: string): readonly string[] {
  if (credentials === undefined) return [];
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return [`[${table}]`, `authorization = ${quote(`Basic ${basic}`)}`];
}
