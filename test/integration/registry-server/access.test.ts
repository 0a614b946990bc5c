/** Who may do what: read-only registries, users, TLS, and what of it is in the log. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SealerError } from '../../../src/error.ts';
import { type AccessEntry, folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { asNobody } from '../../lab/as-nobody.ts';
import { CERTIFICATE_TOOLS, readCertificates } from '../../lab/certificates.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { expectError, expectStatus, Repository, randomBlob } from '../conformance/client.ts';
import { startRegistry } from '../conformance/registries.ts';

const LOGIN = { Authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` };
const HTPASSWD = 'ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';

test('a read-only registry answers pulls, and every push with 405', async () => {
  await using folder = await temporaryFolder();
  const blob = randomBlob();
  {
    await using writable = await serveRegistry({ storage: folderStorage(folder.path) });
    await new Repository(writable, 'repo').push(blob);
  }
  await using registry = await serveRegistry({ storage: folderStorage(folder.path), readOnly: true });
  const repository = new Repository(registry, 'repo');
  await repository.expectBlob(blob);
  for (const [method, path] of [
    ['POST', 'blobs/uploads/'],
    ['PUT', 'manifests/v1'],
    ['DELETE', `blobs/${blob.digest}`],
    ['DELETE', 'manifests/v1'],
  ] as const) {
    const response = await repository.request(method, path);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
    await expectError(response, 405, 'UNSUPPORTED');
  }
});

test('a folder that may not be written is served', async () => {
  await using folder = await temporaryFolder();
  const blob = randomBlob();
  await using registry = await serveRegistry({ storage: folderStorage(folder.path) });
  const repository = new Repository(registry, 'repo');
  await repository.push(blob);
  execFileSync('chmod', ['-R', 'a+rX,a-w', folder.path]);
  await asNobody(async () => {
    await repository.expectBlob(blob);
    await expectError(await repository.request('POST', 'blobs/uploads/'), 405, 'UNSUPPORTED');
  });
  execFileSync('chmod', ['-R', 'u+w', folder.path]);
});

test('without a user of the file nothing can be done, not even asking what there is', async () => {
  await using folder = await temporaryFolder();
  const htpasswd = join(folder.path, 'htpasswd');
  await writeFile(htpasswd, HTPASSWD);
  await using registry = await startRegistry('folder', { htpasswd });
  const wrong = { Authorization: `Basic ${Buffer.from('ann:wrong').toString('base64')}` };
  const repository = new Repository(registry, 'repo');
  for (const headers of [{}, wrong, { Authorization: 'Bearer x' }, { Authorization: 'Basic !!' }]) {
    for (const path of ['/v2/', '/v2/_catalog', 'manifests/v1', '/', '/v2/BAD/manifests/v1']) {
      const response = await repository.request('GET', path, { headers });
      assert.match(response.headers.get('www-authenticate') ?? '', /^Basic realm="/);
      await expectError(response, 401, 'UNAUTHORIZED');
    }
    await expectStatus(await repository.request('POST', 'blobs/uploads/', { headers }), 401);
  }
  await expectStatus(await repository.get('/v2/', LOGIN), 200);
  await expectStatus(await repository.request('POST', 'blobs/uploads/', { headers: LOGIN }), 202);
});

test('the log tells every request and no secret', async () => {
  await using folder = await temporaryFolder();
  const htpasswd = join(folder.path, 'htpasswd');
  await writeFile(htpasswd, HTPASSWD);
  const entries: AccessEntry[] = [];
  await using registry = await startRegistry('folder', { htpasswd, log: (entry) => entries.push(entry) });
  const repository = new Repository(registry, 'repo');
  await (await repository.get('/v2/?token=hidden', LOGIN)).text();
  await (await repository.get('manifests/v1', LOGIN)).text();
  await (await repository.get('manifests/v1')).text();
  while (entries.length < 3) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    entries.map(({ method, path, status }) => `${method} ${path} ${status}`),
    ['GET /v2/ 200', 'GET /v2/repo/manifests/v1 404', 'GET /v2/repo/manifests/v1 401'],
  );
  assert.doesNotMatch(JSON.stringify(entries), /hidden|secret|Basic|YW5uOnNlY3JldA/);
});

test('TLS with a given certificate', { skip: needs(...CERTIFICATE_TOOLS) }, async () => {
  await using folder = await temporaryFolder();
  const tls = await readCertificates(folder.path);
  await using registry = await startRegistry('folder', { tls });
  assert.match(registry.url, /^https:/);
  const status = await new Promise((resolve, reject) => {
    get(`${registry.url}/v2/`, { ca: tls.ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  assert.equal(status, 200);
});

test('a certificate that is none, and a port that is taken, are errors to act on', async () => {
  const code = (expected: string) => (error: SealerError) => error.code === expected;
  await assert.rejects(startRegistry('folder', { tls: { cert: 'x', key: 'y' } }), code('CREDENTIALS_INVALID'));
  await using registry = await startRegistry('folder');
  const port = Number(registry.address.split(':')[1]);
  await assert.rejects(startRegistry('folder', { port }), code('ADDRESS_IN_USE'));
});
