/** The authority of a cluster: kept on its masters and nowhere else, so that any machine can go on with it. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { type KeyPair, makeAuthority, makeServer } from './certificate.ts';
import type { RegistryPlaces } from './places.ts';

/** What is shorter than the cluster's life has to be renewed by somebody, and registries are forgotten. */
const AUTHORITY_DAYS = 3650;
/** The authority's key lies beside that of the server, so a shorter life would protect nothing. */
const SERVER_DAYS = 1825;
/** The part of its life below which a certificate is made anew, by the next run. */
const RENEWAL = 0.3;

export interface AuthorityOptions {
  readonly cluster: string;
  readonly places: RegistryPlaces;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The authority that the first master with one has, else a new one. All masters have it afterwards. One that is about to
 * end gets a new certificate for the same key, which is good for what the old one was good for.
 */
export async function ensureAuthority(masters: readonly Host[], options: AuthorityOptions): Promise<KeyPair> {
  const { places, cluster, now, signal } = options;
  const found = await inParallel(masters, MASTERS, (master) => readPair(master, places, signal));
  const known = found.find((each) => each !== undefined);
  const validity = { now, days: AUTHORITY_DAYS };
  const authority =
    known !== undefined && isFresh(known.certificate, now)
      ? known
      : makeAuthority(authorityName(cluster), validity, known?.key);
  await inParallel([...masters.entries()], MASTERS, async ([i, master]) => {
    const there = found[i];
    if (there?.certificate !== authority.certificate || there.key !== authority.key) {
      await master.write(places.authorityKey, authority.key, { mode: 0o600, signal });
      await master.write(places.authority, authority.certificate, { mode: 0o644, signal });
    }
  });
  return authority;
}

/**
 * The certificate of a registry host: the one it has, if it is of this authority, good for all names and not about to
 * end; else a new one.
 * @param names DNS names and addresses
 */
export function serverOf(
  authority: KeyPair,
  known: { readonly [Part in keyof KeyPair]: string | undefined },
  names: readonly string[],
  { cluster, now }: Pick<AuthorityOptions, 'cluster' | 'now'>,
): KeyPair {
  const { certificate, key } = known;
  if (certificate !== undefined && key !== undefined && isGoodFor(authority, { certificate, key }, names, now)) {
    return { certificate, key };
  }
  return makeServer(authority, authorityName(cluster), names, { now, days: SERVER_DAYS });
}

const MASTERS = 8;

function authorityName(cluster: string): string {
  return `sealer ${cluster}`;
}

async function readPair(
  master: Host,
  places: RegistryPlaces,
  signal: AbortSignal | undefined,
): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    master.readText(places.authority, { signal }),
    master.readText(places.authorityKey, { signal }),
  ]);
  if (certificate === undefined || key === undefined) return undefined;
  return belongsTogether({ certificate, key }) ? { certificate, key } : undefined;
}

/** Half a file is no authority. */
function belongsTogether({ certificate, key }: KeyPair): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isFresh(certificate: string, now: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const end = Date.parse(validTo);
  return end - now > RENEWAL * (end - Date.parse(validFrom));
}

function isGoodFor(authority: KeyPair, server: KeyPair, names: readonly string[], now: number): boolean {
  if (!belongsTogether(server) || !isFresh(server.certificate, now)) return false;
  const certificate = new X509Certificate(server.certificate);
  const isOurs = certificate.verify(new X509Certificate(authority.certificate).publicKey);
  const isNamed = (name: string) =>
    (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  return isOurs && names.every(isNamed);
}
