/** The user's own check of a preview, and what the comment says of container images. */

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { comparisonSection, runSmokeTest } from '../../../../src/ci/preview/index.ts';
import type { ImageComparison } from '../../../../src/cluster-image/index.ts';
import { parseDigest } from '../../../../src/oci/digest.ts';

const RUNNING = { kubeconfig: '/tmp/k', apiUrl: 'https://10.0.0.1:6443', address: '10.0.0.1' };

function smoke(script: string, env: NodeJS.ProcessEnv = {}, timeoutMs = 20_000) {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const onLine = (line: string) => void lines.push(line);
  const test = { script, cwd: tmpdir(), env: { PATH: process.env.PATH, ...env }, timeoutMs, onLine, signal };
  return { lines, ended: runSmokeTest(test, RUNNING, 'http://10.0.0.1:30080') };
}

test('a smoke test is led to the preview, and sees no token and no input', async () => {
  const secrets = { INPUT_X: 's3cret', ACTIONS_RUNTIME_TOKEN: 's3cret', GITHUB_TOKEN: 's3cret', GITHUB_OUTPUT: '/x' };
  const { lines, ended } = smoke('echo "$KUBECONFIG $PREVIEW_HOST $PREVIEW_URL"; env', { ...secrets, MINE: 'here' });
  await ended;
  assert.equal(lines[0], '/tmp/k 10.0.0.1 http://10.0.0.1:30080');
  assert.ok(lines.includes('MINE=here'));
  assert.doesNotMatch(lines.join('\n'), /s3cret|GITHUB_OUTPUT/);
});

test('a smoke test that fails is told with its last lines; any command of it, also before a pipe', async () => {
  await assert.rejects(smoke('echo no answer; false | cat; echo never').ended, {
    code: 'SMOKE_TEST_FAILED',
    message: /ends with 1:\nno answer/,
  });
  await assert.rejects(smoke('sleep 60', {}, 50).ended, { code: 'SMOKE_TEST_FAILED', message: /longer than/ });
});

test('container images that were added, removed and changed are listed with their sizes, and become no HTML', () => {
  const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
  const side = { name: 'ghcr.io/acme/shop:main', digest, size: 1 };
  const image = (name: string, size: number) => ({ image: name, digest, size });
  const comparison: ImageComparison = {
    from: side,
    to: side,
    images: {
      added: [image('<script>@you', 2048)],
      removed: [image('docker.io/library/redis:7', 4096)],
      changed: [{ from: image('docker.io/library/web:1', 1024), to: image('docker.io/library/web:2', 8192) }],
      same: 3,
    },
    layers: { added: [], removed: [], kept: 0, keptBytes: 0 },
    apps: { added: [], removed: [], changed: [] },
    bytesToMove: 10_000,
  };
  const text = comparisonSection(comparison);
  assert.match(text, /1 added, 1 removed, 1 changed, 3 the same/);
  assert.match(text, /web:1<\/code> → <code>.*web:2/);
  assert.doesNotMatch(text, /<script>|@you/);
  assert.equal(comparisonSection(undefined), '');
});
