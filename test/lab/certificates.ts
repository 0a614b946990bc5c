/** A certificate authority for a test, made by openssl, and a certificate of it for loopback. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './tools.ts';

/** What a test that makes certificates needs. */
export const CERTIFICATE_TOOLS = ['openssl'] as const;

/** Paths of PEM files. */
export interface Certificates {
  /** Of the authority. */
  readonly ca: string;
  /** For 127.0.0.1, localhost and what else was named. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes an authority and a certificate in a folder that exists.
 * @param names of hosts, beside those of loopback
 */
export async function makeCertificates(folder: string, names: readonly string[] = []): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  const made = { ca: at('ca.crt'), certificate: at('server.crt'), key: at('server.key') };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch'];
  const openssl = (...args: readonly string[]) => runTool('openssl', args);
  await openssl('req', '-x509', ...newKey, '-subj', '/CN=test CA', '-keyout', at('ca.key'), '-out', made.ca);
  await openssl('req', ...newKey, '-subj', '/CN=127.0.0.1', '-keyout', made.key, '-out', at('server.csr'));
  const all = ['IP:127.0.0.1', ...['localhost', ...names].map((name) => `DNS:${name}`)];
  await writeFile(at('names'), `subjectAltName=${all.join(',')}\n`);
  const authority = ['-CA', made.ca, '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names')];
  await openssl('x509', '-req', '-in', at('server.csr'), ...authority, '-out', made.certificate);
  return made;
}

/** The same, read: what a server of Node.js takes. */
export async function readCertificates(folder: string): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
  const { ca, certificate, key } = await makeCertificates(folder);
  return { ca: await readFile(ca), cert: await readFile(certificate), key: await readFile(key) };
}
