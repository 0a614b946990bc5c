/** Who is believed, and as whom we come: over real TLS, with certificates that openssl made. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { dump } from 'js-yaml';
import { KubernetesClient, parseKubeconfig, readKubeconfig, waitForCluster } from '../../../src/kubernetes/index.ts';
import { silent } from '../../../src/progress.ts';
import { CERTIFICATE_TOOLS, makeCertificates } from '../../lab/certificates.ts';
import { makeClient } from '../../lab/kubernetes/api-server.ts';
import { folderOf } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';

const skip = needs(...CERTIFICATE_TOOLS);

/** A server that says who asked. */
async function startServer(t: TestContext, folder: string, name = 'server') {
  const read = (file: string): Promise<Buffer> => readFile(join(folder, file));
  const options = { cert: await read(`${name}.crt`), key: await read(`${name}.key`), ca: await read('ca.crt') };
  const server = https.createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (asked, answer) => {
    const socket = asked.socket as TLSSocket;
    const { authorization: token } = asked.headers;
    answer.end(JSON.stringify({ token, name: socket.getPeerCertificate().subject?.CN, path: asked.url }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function kubeconfig(cluster: object, user: object = {}): string {
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'me' } }],
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'me', user }],
  });
}

async function base64(...path: string[]): Promise<string> {
  return (await readFile(join(...path))).toString('base64');
}

describe('access to a cluster', { skip }, () => {
  it('certificates and tokens in files, named from the folder of the kubeconfig', async (t) => {
    const folder = await folderOf(t);
    await makeCertificates(folder);
    await makeClient(folder, 'me', '/O=people/CN=somebody');
    const port = await startServer(t, folder);
    await writeFile(join(folder, 'token'), 's3cret-token\n');
    const user = { 'client-certificate': 'me.crt', 'client-key': './me.key', tokenFile: 'token' };
    const text = kubeconfig({ server: `https://127.0.0.1:${port}/k8s/`, 'certificate-authority': 'ca.crt' }, user);
    await writeFile(join(folder, 'config'), text);
    await using client = new KubernetesClient(readKubeconfig(join(folder, 'config')));
    assert.deepEqual(await client.get('/api'), { token: 'Bearer s3cret-token', name: 'somebody', path: '/k8s/api' });
    assert.throws(() => parseKubeconfig(text), { code: 'KUBECONFIG_INVALID', message: /names a file/ });
    await writeFile(join(folder, 'config'), text.replace('me.crt', 'absent.crt'));
    assert.throws(() => readKubeconfig(join(folder, 'config')), {
      code: 'KUBECONFIG_INVALID',
      message: /absent\.crt, the file of client-certificate, cannot be read \(ENOENT\)/,
    });
    assert.throws(() => readKubeconfig(join(folder, 'nothing')), { code: 'KUBECONFIG_INVALID', message: /ENOENT/ });
  });

  it('a cluster of another authority is not believed, and nothing is waited for', async (t) => {
    const folder = await folderOf(t);
    const other = await folderOf(t);
    await makeCertificates(folder);
    await makeCertificates(other);
    const port = await startServer(t, folder);
    const authority = await base64(other, 'ca.crt');
    const access = parseKubeconfig(
      kubeconfig({ server: `https://127.0.0.1:${port}`, 'certificate-authority-data': authority }, { token: 's3cret' }),
    );
    await using client = new KubernetesClient(access);
    const began = performance.now();
    await assert.rejects(waitForCluster(client, { timeoutMs: 30_000, report: silent }), (error: Error) => {
      assert.match(error.message, /nobody that we trust vouches for its certificate/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
    assert.ok(performance.now() - began < 25_000);
    await using without = new KubernetesClient({ server: `https://127.0.0.1:${port}` });
    await assert.rejects(without.get('/api'), { code: 'CLUSTER_UNREACHABLE' }, 'the public authorities do not vouch');
  });

  it('an expired certificate is called so', async (t) => {
    const folder = await folderOf(t);
    await makeCertificates(folder);
    await writeFile(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
    await makeClient(folder, 'old', '/CN=127.0.0.1', '-days', '-1', '-extfile', join(folder, 'names'));
    const port = await startServer(t, folder, 'old');
    const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
    await using client = new KubernetesClient({ server: `https://127.0.0.1:${port}`, ca });
    await assert.rejects(client.get('/api'), { code: 'CLUSTER_UNREACHABLE', message: /its certificate has expired/ });
  });

  it('who connects to another address still asks for the same name', async (t) => {
    const folder = await folderOf(t);
    await makeCertificates(folder);
    const port = await startServer(t, folder);
    const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
    const address = `127.0.0.1:${port}`;
    await using right = new KubernetesClient({ server: 'https://localhost:1', ca }, { address });
    assert.deepEqual(await right.get('/x'), { path: '/x' });
    await using wrong = new KubernetesClient({ server: 'https://cluster.example.com:1', ca }, { address });
    await assert.rejects(wrong.get('/x'), { code: 'CLUSTER_UNREACHABLE', message: /is for another name/ });
    const named = { server: 'https://cluster.example.com:1', ca, serverName: 'localhost' };
    await using told = new KubernetesClient(named, { address });
    assert.deepEqual(await told.get('/x'), { path: '/x' });
  });

  it('verification is switched off for loopback only', async (t) => {
    const folder = await folderOf(t);
    await makeCertificates(folder);
    const port = await startServer(t, folder);
    const off = { 'insecure-skip-tls-verify': true };
    const access = parseKubeconfig(kubeconfig({ server: `https://127.0.0.1:${port}`, ...off }));
    await using client = new KubernetesClient(access);
    assert.deepEqual(await client.get('/x'), { path: '/x' });
    assert.throws(() => new KubernetesClient(access, { address: '192.0.2.1:6443' }), { code: 'KUBECONFIG_INVALID' });
    assert.throws(() => parseKubeconfig(kubeconfig({ server: 'https://192.0.2.1', ...off })), {
      code: 'KUBECONFIG_INVALID',
      message: /believed without proof/,
    });
    const authority = await base64(folder, 'ca.crt');
    const both = { server: 'https://127.0.0.1', 'certificate-authority-data': authority, ...off };
    assert.throws(() => parseKubeconfig(kubeconfig(both)), {
      code: 'KUBECONFIG_INVALID',
      message: /Remove|and insecure/,
    });
  });

  it('a client certificate needs its own key', async (t) => {
    const folder = await folderOf(t);
    await makeCertificates(folder);
    await makeClient(folder, 'me', '/CN=me');
    await makeClient(folder, 'you', '/CN=you');
    const [certificate, key] = [await base64(folder, 'me.crt'), await base64(folder, 'you.key')];
    const server = { server: 'https://127.0.0.1:1' };
    const user = { 'client-certificate-data': certificate, 'client-key-data': key };
    for (const each of [user, { 'client-certificate-data': certificate }, { 'client-key-data': key }]) {
      assert.throws(
        () => parseKubeconfig(kubeconfig(server, each)),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'KUBECONFIG_INVALID');
          assert.ok(!error.message.includes(key.slice(0, 20)));
          return true;
        },
      );
    }
  });
});
