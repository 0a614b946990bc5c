/**
 * k3s's registries.yaml: every registry is mirrored to the cluster's own, where the images of a registry lie below its name
 * (k3s docs: installation/private-registry).
 */

import { registryFolder } from '../../cluster-image/index.ts';
import type { RegistryAccess } from '../runtime.ts';

/**
 * The file. Registries are named one by one, since `"*"` of older releases leaves out docker.io and knows no folder of the
 * registry that is asked for; it stays for all the others, which our registry refuses at once.
 */
export function registriesYaml(registry: RegistryAccess): string {
  const endpoint = registry.endpoints.map(({ scheme, authority }) => `${scheme}://${authority}`);
  const mirrors = Object.fromEntries([
    ...registry.mirrored.map((host) => [host, { endpoint, rewrite: { '^(.*)$': `${registryFolder(host)}/$1` } }]),
    ['*', { endpoint }],
  ]);
  const configs = Object.fromEntries(
    registry.endpoints.map(({ scheme, authority }) => [authority, configOf(registry, scheme)] as const),
  );
  const named = Object.entries(configs).filter(([, config]) => Object.keys(config).length > 0);
  const file = { mirrors, ...(named.length === 0 ? {} : { configs: Object.fromEntries(named) }) };
  // JSON is YAML, and has no keys or values that mean something else without quotes.
  return `# Written by sealer.\n${JSON.stringify(file, null, 2)}\n`;
}

function configOf({ credentials, caFile }: RegistryAccess, scheme: 'http' | 'https'): object {
  return {
    ...(credentials === undefined ? {} : { auth: { username: credentials.username, password: credentials.password } }),
    // With any TLS setting, containerd would try https at an http registry.
    ...(scheme === 'http' || caFile === undefined ? {} : { tls: { ca_file: caFile } }),
  };
}
