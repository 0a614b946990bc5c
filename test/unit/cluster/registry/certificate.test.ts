import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { serverOf } from '../../../../src/cluster/registry/authority.ts';
import { makeAuthority, makeServer } from '../../../../src/cluster/registry/certificate.ts';
import { folderOf } from '../../../lab/scratch.ts';
import { needs, runTool } from '../../../lab/tools.ts';

const NOW = Date.UTC(2030, 0, 1);
const DAY_MS = 24 * 3600_000;
const NAMES = ['sea.hub', '10.0.0.2', 'fd00::2', 'registry.example.com'];

test('the server is vouched for by the authority, for its names and no others', () => {
  const authority = makeAuthority('sealer shop', { now: NOW, days: 3650 });
  const server = new X509Certificate(makeServer(authority, 'sealer shop', NAMES, { now: NOW, days: 100 }).certificate);
  const ca = new X509Certificate(authority.certificate);
  assert.ok(ca.ca);
  assert.ok(!server.ca);
  assert.ok(server.checkIssued(ca));
  assert.ok(server.verify(ca.publicKey));
  assert.equal(server.checkIP('10.0.0.2'), '10.0.0.2');
  assert.ok(server.checkIP('fd00::2'));
  assert.equal(server.checkHost('sea.hub'), 'sea.hub');
  assert.equal(server.checkIP('10.0.0.3'), undefined);
  assert.equal(Date.parse(server.validTo), NOW + 100 * DAY_MS);
});

test('openssl takes the chain', { skip: needs('openssl') }, async (t) => {
  const folder = await folderOf(t);
  const now = Date.now();
  const authority = makeAuthority('sealer shop', { now, days: 9000 });
  const server = makeServer(authority, 'sealer shop', NAMES, { now, days: 100 });
  await writeFile(join(folder, 'ca'), authority.certificate);
  await writeFile(join(folder, 'server'), server.certificate);
  const verify = ['verify', '-x509_strict', '-CAfile', join(folder, 'ca'), '-purpose', 'sslserver'];
  await runTool('openssl', [...verify, '-verify_ip', '10.0.0.2', join(folder, 'server')]);
  await runTool('openssl', [...verify, '-verify_hostname', 'sea.hub', join(folder, 'server')]);
  await assert.rejects(runTool('openssl', [...verify, '-verify_ip', '10.0.0.9', join(folder, 'server')]), /mismatch/);
});

test('a certificate is kept until 30 % of its life are left, a name is added, or the authority is another', () => {
  const authority = makeAuthority('sealer shop', { now: NOW, days: 3650 });
  const context = { cluster: 'shop', now: NOW };
  const first = serverOf(authority, { certificate: undefined, key: undefined }, NAMES, context);
  assert.deepEqual(serverOf(authority, first, NAMES.slice(0, 2), context), first);
  assert.deepEqual(serverOf(authority, first, NAMES, { ...context, now: NOW + 1000 * DAY_MS }), first);
  assert.notDeepEqual(serverOf(authority, first, NAMES, { ...context, now: NOW + 1300 * DAY_MS }), first);
  assert.notDeepEqual(serverOf(authority, first, [...NAMES, '10.0.0.3'], context), first);
  const other = makeAuthority('sealer shop', { now: NOW, days: 3650 });
  assert.notDeepEqual(serverOf(other, first, NAMES, context), first);
});

test('an authority made anew for the same key vouches for what the old one did', () => {
  const old = makeAuthority('sealer shop', { now: NOW, days: 10 });
  const server = new X509Certificate(makeServer(old, 'sealer shop', NAMES, { now: NOW, days: 5 }).certificate);
  const renewed = makeAuthority('sealer shop', { now: NOW + 9 * DAY_MS, days: 10 }, old.key);
  const certificate = new X509Certificate(renewed.certificate);
  assert.notEqual(renewed.certificate, old.certificate);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(old.key)));
  assert.ok(server.checkIssued(certificate) && server.verify(certificate.publicKey));
});
