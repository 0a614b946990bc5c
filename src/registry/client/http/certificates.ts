/** Whom we trust and who we are: CA files and client certificates, found where docker, podman and skopeo find them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { isSystemError, SealerError } from '../../../error.ts';

export interface TlsMaterial {
  /** PEM; undefined = Node's own list, which has NODE_EXTRA_CA_CERTS in it. */
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * The certificates for one registry: `<folder>/<host>/*.crt` are CAs, `*.cert` with `*.key` is our own (the layout of
 * docker's certs.d and containers-certs.d(5)).
 * @param host as in the image's name: `registry.example.com:5000`; undefined = what goes for all hosts
 * @param caFiles PEM files to trust beside the usual ones
 * @param isLocal the system's list is not read for a registry on this machine: it takes 70 ms
 * @throws SealerError PERMISSION for a file that cannot be read
 */
export async function loadTlsMaterial(
  host: string | undefined,
  env: NodeJS.ProcessEnv,
  caFiles: readonly string[],
  isLocal: boolean,
): Promise<TlsMaterial> {
  const folders = host === undefined ? [] : certificateFolders(env).map((folder) => join(folder, host));
  const found = await Promise.all(folders.map(readHostFolder));
  const named = await Promise.all(caFiles.map(readCa));
  const own = [...named, ...found.flatMap(({ ca }) => ca)];
  const client = found.find((each) => each.cert !== undefined && each.key !== undefined);
  const trusted = isLocal ? own : [...getCACertificates('system'), ...own];
  return {
    ...(trusted.length === 0 ? {} : { ca: [...new Set([...getCACertificates('default'), ...trusted])] }),
    ...(client?.cert === undefined || client.key === undefined ? {} : { cert: client.cert, key: client.key }),
  };
}

function certificateFolders(env: NodeJS.ProcessEnv): string[] {
  const home = env.HOME;
  return [
    ...(home === undefined ? [] : [join(home, '.config/containers/certs.d')]),
    '/etc/containers/certs.d',
    '/etc/docker/certs.d',
  ];
}

async function readHostFolder(folder: string): Promise<{ ca: string[]; cert?: string; key?: string }> {
  const names = (await listed(folder)).sort();
  const read = (name: string) => readPem(join(folder, name));
  const ca = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
  const certName = names.find((name) => name.endsWith('.cert') && names.includes(name.replace(/cert$/, 'key')));
  if (certName === undefined) return { ca };
  return { ca, cert: await read(certName), key: await read(certName.replace(/cert$/, 'key')) };
}

async function listed(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // Absent is the usual case; a folder that is closed to us is somebody else's.
    return [];
  }
}

async function readCa(file: string): Promise<string> {
  const pem = await readPem(file);
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new SealerError('CREDENTIALS_INVALID', `${file} has no certificate in it`, {
    hint: 'Give a file in PEM form: it has a line -----BEGIN CERTIFICATE-----.',
  });
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = isSystemError(cause, 'ENOENT') ? 'does not exist' : 'cannot be read';
    throw new SealerError('PERMISSION', `The certificate file ${file} ${why}`, { cause });
  }
}
