import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostsToml, mirrorFiles } from '../../../../src/runtime/mirrors/index.ts';

const registry = {
  endpoints: [
    { scheme: 'https', authority: '10.0.0.2:5000' },
    { scheme: 'https', authority: '10.0.0.3:5000' },
  ],
  caFile: '/home/pki/ca.crt',
  mirrored: ['docker.io', 'registry.example.com:5000'],
} as const;

test('every endpoint is tried in order, and the first stands in the place of the original', () => {
  assert.equal(
    hostsToml(registry, 'docker.io'),
    `# Written by sealer.
server = "https://10.0.0.2:5000/v2/docker.io"
capabilities = ["pull", "resolve"]
override_path = true
ca = "/home/pki/ca.crt"

[host."https://10.0.0.2:5000/v2/docker.io"]
capabilities = ["pull", "resolve"]
override_path = true
ca = "/home/pki/ca.crt"

[host."https://10.0.0.3:5000/v2/docker.io"]
capabilities = ["pull", "resolve"]
override_path = true
ca = "/home/pki/ca.crt"
`,
  );
});

test('a plain http endpoint has no TLS settings, which would make containerd try https', () => {
  const toml = hostsToml({ ...registry, endpoints: [{ scheme: 'http', authority: 'r:5000' }] }, 'docker.io');
  assert.doesNotMatch(toml, /ca =|skip_verify/);
});

test('there is a file for each registry and one for all others, and credentials make them private', () => {
  const credentials = { username: 'u', password: 'p"w' };
  const files = mirrorFiles({ ...registry, credentials }, '/etc/containerd/certs.d');
  assert.deepEqual(
    files.map(({ path, mode }) => [path, mode]),
    [
      ['/etc/containerd/certs.d/docker.io/hosts.toml', 0o600],
      ['/etc/containerd/certs.d/registry.example.com:5000/hosts.toml', 0o600],
      ['/etc/containerd/certs.d/_default/hosts.toml', 0o600],
    ],
  );
  const [, ported] = files;
  assert.ok(typeof ported?.content === 'string');
  assert.match(ported.content, /\/v2\/registry\.example\.com_5000"/);
  assert.match(ported.content, /\[header\]\nauthorization = "Basic dTpwInc="/);
});
