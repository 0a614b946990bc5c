/** A client for the external registry of a cluster: with what its Clusterfile says of it. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExternalRegistrySpec } from '../../clusterfile/desired.ts';
import type { RegistryClient } from '../../registry/client/index.ts';
import { authorityOf, credentialsOf } from './access.ts';

export interface ExternalClient extends AsyncDisposable {
  readonly client: RegistryClient;
}

/** Where the Clusterfile says nothing, this user's login and trust count, as for every other registry. */
export async function externalClient(base: RegistryClient, external: ExternalRegistrySpec): Promise<ExternalClient> {
  const { credentials } = credentialsOf(external);
  const { insecure, ca } = external;
  await using stack = new AsyncDisposableStack();
  const caFile = ca === undefined ? undefined : join(await temporary(stack), 'ca.crt');
  if (ca !== undefined && caFile !== undefined) await writeFile(caFile, ca);
  const client = base.with({
    ...(credentials === undefined
      ? {}
      : { credentials: { lookup: async () => ({ ...credentials, source: 'the Clusterfile' }) } }),
    ...(insecure ? { insecure: [authorityOf(external.domain, external.port)] } : {}),
    ...(caFile === undefined ? {} : { caFiles: [caFile] }),
  });
  stack.use(client);
  const kept = stack.move();
  return { client, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function temporary(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-registry-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
