import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { parseKubeconfig } from '../../../src/kubernetes/index.ts';

/** A kubeconfig with one cluster and user. */
function text(cluster: object, user: object, more: object = {}): string {
  return JSON.stringify({
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    ...more,
  });
}

const SERVER = { server: 'https://10.0.0.1:6443' };

describe('a kubeconfig', () => {
  it('gives what its current context names, in YAML or JSON', () => {
    const yaml = `
apiVersion: v1
kind: Config
current-context: second
contexts:
- {name: first, context: {cluster: one, user: one}}
- {name: second, context: {cluster: two, user: two, namespace: x}}
clusters:
- {name: one, cluster: {server: 'https://one:6443'}}
- name: two
  cluster: {server: 'https://two.example.com/k8s/clusters/c-1/', tls-server-name: two}
users:
- {name: one, user: {token: first}}
- {name: two, user: {token: second}}
`;
    assert.deepEqual(parseKubeconfig(`\uFEFF${yaml}`), {
      server: 'https://two.example.com/k8s/clusters/c-1',
      serverName: 'two',
      token: 'second',
    });
    assert.deepEqual(parseKubeconfig(text(SERVER, { token: 12345 })), { ...SERVER, token: '12345' });
    assert.deepEqual(parseKubeconfig(text({ server: 'http://127.0.0.1:8001' }, {})), {
      server: 'http://127.0.0.1:8001',
    });
    const nobody = { contexts: [{ name: 'a', context: { cluster: 'c', user: '' } }] };
    assert.deepEqual(parseKubeconfig(text(SERVER, {}, nobody)), SERVER);
  });

  const refused: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ['nothing', ' \n', /is empty/],
    ['no YAML', '{"token": "s3cret-value"', /not YAML/],
    ['a list', '[]', /not a map/],
    ['another kind', '{kind: Pod}', /another kind/],
    ['no current context', '{kind: Config}', /no current-context/],
    ['an unknown context', text(SERVER, {}, { 'current-context': 'b' }), /no context "b"/],
    ['an unknown cluster', text(SERVER, {}, { clusters: [] }), /no cluster "c"/],
    ['an unknown user', text(SERVER, {}, { users: null }), /no user "u"/],
    ['lists that are none', text(SERVER, {}, { contexts: 'x' }), /no context/],
    ['no server', text({}, {}), /no server/],
    ['a server that is no URL', text({ server: '10.0.0.1:6443' }, {}), /not an https/],
    ['another scheme', text({ server: 'ftp://10.0.0.1' }, {}), /not an https/],
    ['credentials in the address', text({ server: 'https://me:s3cret-value@h' }, {}), /credentials/],
    ['plain http to elsewhere', text({ server: 'http://10.0.0.1:8080' }, {}), /without proof/],
    ['no verification elsewhere', text({ ...SERVER, 'insecure-skip-tls-verify': true }, {}), /without proof/],
    ['a name that looks like loopback', text({ server: 'http://127.0.0.1.example.com' }, {}), /without proof/],
    ['a program for credentials', text(SERVER, { exec: { command: 'aws' } }), /\(exec\)/],
    ['an auth provider', text(SERVER, { 'auth-provider': { name: 'gcp' } }), /auth-provider/],
    ['a password', text(SERVER, { username: 'me', password: 's3cret-value' }), /1\.19/],
    ['acting as somebody', text(SERVER, { as: 'root' }), /somebody else/],
    ['a proxy', text({ ...SERVER, 'proxy-url': 'http://s3cret-value@proxy' }, {}), /proxy-url/],
    ['a file where none may be read', text(SERVER, { tokenFile: '/etc/shadow' }), /tokenFile names a file/],
    ['a token that ends its header', text(SERVER, { token: 's3cret-value\r\nX: y' }), /characters/],
    ['what is no base64', text({ ...SERVER, 'certificate-authority-data': '***' }, {}), /not base64/],
    ['what is no certificate', text({ ...SERVER, 'certificate-authority-data': 'czNjcmV0' }, {}), /not a certificate/],
    [
      'a damaged certificate',
      text(
        {
          ...SERVER,
          'certificate-authority-data': Buffer.from(
            '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
          ).toString('base64'),
        },
        {},
      ),
      /not a certificate/,
    ],
    ['a key without certificate', text(SERVER, { 'client-key-data': 'czNjcmV0' }), /without its key, or a key alone/],
    [
      'a certificate and key that are none',
      text(SERVER, { 'client-key-data': 'czNjcmV0', 'client-certificate-data': 'czNjcmV0' }),
      /do not belong together/,
    ],
    ['too much', `a: "${'x'.repeat(5_000_000)}"`, /too large/],
    ['a bomb of aliases', `a: &a [x]\n${bomb()}`, /not YAML|no current-context/],
  ];
  for (const [what, input, message] of refused) {
    it(`is refused with its reason and without its secrets: ${what}`, () => {
      assert.throws(
        () => parseKubeconfig(input, { file: 'kube/config' }),
        (error: unknown) => {
          assert.ok(error instanceof SealerError);
          assert.equal(error.code, 'KUBECONFIG_INVALID');
          assert.match(error.message, message);
          assert.ok(!`${error.message}${error.hint}${String(error.cause)}`.includes('s3cret'), error.message);
          assert.deepEqual(error.at, { file: 'kube/config' });
          return true;
        },
      );
    });
  }
});

function bomb(): string {
  let lines = '';
  for (let i = 0; i < 25; i++) {
    const from = i === 0 ? 'a' : `b${i - 1}`;
    lines += `b${i}: &b${i} [${Array(10).fill(`*${from}`).join(', ')}]\n`;
  }
  return lines;
}
