import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRunInputs } from '../../../../src/ci/inputs/run-inputs.ts';

const read = (inputs: Readonly<Record<string, string>>) => readRunInputs((name) => inputs[name] ?? '');

test('without inputs, a cluster is made as its Clusterfile says, and waited for', () => {
  const { command, dryRun, waits, timeoutMs, lockTimeoutMs, parallel, pull } = read({});
  assert.deepEqual(
    { command, dryRun, waits, timeoutMs, lockTimeoutMs, parallel, pull },
    {
      command: 'apply',
      dryRun: false,
      waits: true,
      timeoutMs: 900_000,
      lockTimeoutMs: 600_000,
      parallel: 32,
      pull: 'missing',
    },
  );
});

test('lists may be written in lines, and secrets are taken as they are', () => {
  const { ssh, env, apps } = read({
    'ssh-key': '-----BEGIN KEY-----\nx\n-----END KEY-----\n',
    'ssh-password': ' with spaces ',
    'ssh-fingerprints': 'SHA256:a\n10.0.0.2=SHA256:b',
    'ssh-jump': 'a@one, b@two:2222',
    env: 'replicas=3\nname=a b',
    apps: 'shop, cache',
  });
  assert.equal(ssh.key, '-----BEGIN KEY-----\nx\n-----END KEY-----\n');
  assert.equal(ssh.password, ' with spaces ');
  assert.deepEqual(ssh.fingerprints, ['SHA256:a', '10.0.0.2=SHA256:b']);
  assert.equal(ssh.jump, 'a@one,b@two:2222');
  assert.deepEqual(env, { replicas: '3', name: 'a b' });
  assert.equal(apps, 'shop,cache');
});

test('an input with a value that it cannot have is named', () => {
  assert.throws(() => read({ command: 'aply' }), { code: 'USAGE', message: /command/ });
  assert.throws(() => read({ 'ssh-port': '22a' }), { code: 'USAGE', message: /ssh-port/ });
  assert.throws(() => read({ provider: 'cloud' }), { code: 'USAGE', message: /provider/ });
  assert.throws(() => read({ timeout: 'soon' }), { code: 'USAGE', message: /timeout/ });
});
