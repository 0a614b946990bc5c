/** ghcr.io on this machine: a registry with a certificate and a login, and what a job's machine needs to take it for ghcr.io. */

import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { makeCertificates } from '../../lab/certificates.ts';
import { type CliResult, sealer } from '../../lab/cli.ts';
import { openInternet } from '../../lab/internet.ts';
import { writeFiles } from '../../lab/scratch.ts';

export { CERTIFICATE_TOOLS as GHCR_TOOLS } from '../../lab/certificates.ts';

/** The token of every job; it is the password of `octocat`. */
export const TOKEN = 'ghs_token_of_the_job';

export interface Ghcr extends AsyncDisposable {
  /** For jobs. */
  readonly env: Readonly<Record<string, string>>;
  /** Hosts that something wanted to reach. */
  readonly asked: readonly string[];
  /** Runs the command line in a folder of these files, logged in as jobs are. */
  cli(args: readonly string[], files?: Readonly<Record<string, string>>): Promise<CliResult>;
  /** The digest of a name, pulled whole; undefined where there is none. */
  digestOf(name: string): Promise<string | undefined>;
}

/** @param folder is its own, and exists */
export async function openGhcr(folder: string): Promise<Ghcr> {
  await using stack = new AsyncDisposableStack();
  const { ca, certificate, key } = await makeCertificates(folder, ['ghcr.io']);
  const tls = { cert: await readFile(certificate), key: await readFile(key) };
  const storage = folderStorage(join(folder, 'registry'));
  const registry = stack.use(await serveRegistry({ storage, tls, users: new Map([['octocat', TOKEN]]) }));
  const internet = stack.use(await openInternet({ 'ghcr.io': Number(new URL(registry.url).port) }));
  const env = { HTTPS_PROXY: internet.proxy, NO_PROXY: 'localhost,127.0.0.1', NODE_EXTRA_CA_CERTS: ca };
  const auth = Buffer.from(`octocat:${TOKEN}`).toString('base64');
  const logins = join(folder, 'auth.json');
  writeFileSync(logins, JSON.stringify({ auths: { 'ghcr.io': { auth } } }));
  let runs = 0;
  const cli: Ghcr['cli'] = (args, files = {}) => {
    const cwd = join(folder, `cli-${++runs}`);
    writeFiles(cwd, { '.keep': '', ...files });
    return sealer(args, { home: join(folder, 'home'), cwd, env: { ...env, REGISTRY_AUTH_FILE: logins } });
  };
  const kept = stack.move();
  return {
    ...{ env, cli, asked: internet.asked },
    digestOf: async (name) => /sha256:[a-f0-9]{64}/.exec((await cli(['pull', '--quiet', name])).stdout)?.[0],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
