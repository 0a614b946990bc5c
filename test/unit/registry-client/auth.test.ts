import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parseChallenges } from '../../../src/registry/client/auth/challenge.ts';
import type { Credential, Credentials } from '../../../src/registry/client/index.ts';
import { noise } from '../../lab/scratch.ts';
import { answer, type FakeRegistry, type Seen, startFakeRegistry } from './fake-registry.ts';
import { makeImage, sealerError, seed, setUp } from './setting.ts';

const image = makeImage([noise(1000)]);
const ONE: Credential = { username: 'robot', password: 'pass:word', source: '~/.docker/config.json' };
const having = (credential: Credential): Credentials => ({ lookup: async () => credential });

/** A registry that wants a bearer token whose scope covers what is asked; its token server is under /token. */
function guard(registry: FakeRegistry, issue: (seen: Seen) => string = () => 'good'): void {
  const challenge = (scope = '') =>
    `Bearer realm="${registry.url}/token",service="the registry"${scope === '' ? '' : `,scope="${scope}"`}`;
  registry.always(/ \/token/, (seen, response) => {
    const body = JSON.stringify({ token: issue(seen), expires_in: 300 });
    response.writeHead(200).end(body);
    return true;
  });
  registry.always(/ \/v2\//, ({ headers, path }, response) => {
    if (headers.authorization === 'Bearer good') return undefined;
    const scope = /^\/v2\/(.+)\/(manifests|blobs)\//.exec(path)?.[1];
    response.writeHead(401, { 'WWW-Authenticate': challenge(scope && `repository:${scope}:pull`) }).end();
    return true;
  });
}

test('challenges are read as RFC 9110 has them: several, quoted, with commas inside', () => {
  const header =
    'Basic realm="a \\"b\\", c", Bearer realm="https://x/token",service=reg,scope="repository:a:pull,push"';
  assert.deepEqual(parseChallenges(header), [
    { scheme: 'basic', parameters: { realm: 'a "b", c' } },
    {
      scheme: 'bearer',
      parameters: { realm: 'https://x/token', service: 'reg', scope: 'repository:a:pull,push' },
    },
  ]);
  assert.deepEqual(parseChallenges('Negotiate, basic'), [
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'basic', parameters: {} },
  ]);
  assert.deepEqual(parseChallenges(undefined), []);
});

test('a token is fetched once for many requests at the same time', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  guard(registry);
  await Promise.all([1, 2, 3, 4].map(() => client.document(ref('team/app:v1'))));
  const tokens = registry.calls(/ \/token/);
  assert.equal(tokens.length, 1);
  const asked = new URL(tokens[0]?.replace('GET ', '') ?? '', registry.url).searchParams;
  assert.equal(asked.get('service'), 'the registry');
  assert.equal(asked.get('scope'), 'repository:team/app:pull');
});

test('a password goes to the token server and never to the registry', async (t) => {
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  seed(registry, 'team/app', image, 'v1');
  guard(registry);
  await client.resolve(ref('team/app:v1'));
  const basic = registry.seen.filter(({ headers }) => headers.authorization?.startsWith('Basic '));
  assert.ok(basic.length === 1 && basic[0]?.path.startsWith('/token'));
  assert.equal(Buffer.from(basic[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString(), 'robot:pass:word');
});

test('an expired token is renewed before it is used', async (t) => {
  const { registry, client, ref, timing } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  guard(registry);
  await client.resolve(ref('team/app:v1'));
  timing.time += 200_000;
  await client.resolve(ref('team/app:v1'));
  assert.equal(registry.calls(/ \/token/).length, 1, 'still good');
  timing.time += 100_000;
  await client.resolve(ref('team/app:v1'));
  assert.equal(registry.calls(/ \/token/).length, 2);
});

test('a token that the registry takes no more is fetched again', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  let issued = 0;
  guard(registry, () => (++issued === 1 ? 'stale' : 'good'));
  await client.resolve(ref('team/app:v1'));
  assert.equal(issued, 2);
});

test('an upload asks for pull,push although the challenge names pull only (GHCR)', async (t) => {
  const { registry, client, ref } = await setUp(t);
  guard(registry);
  const bytes = noise(10);
  await client.pushBlob(ref('team/app'), describeBytes(bytes, OCI_LAYER), async () => Readable.from([bytes]));
  assert.match(registry.calls(/ \/token/).join(), /scope=repository%3Ateam%2Fapp%3Apull%2Cpush/);
});

test('insufficient_scope widens the scope to what the registry names, and does so once', async (t) => {
  const { registry, client, ref } = await setUp(t);
  const challenge = `Bearer realm="${registry.url}/token",error="insufficient_scope",scope="project:team:read"`;
  seed(registry, 'team/app', image, 'v1');
  registry.always(/ \/token/, ({ path }, response) => {
    response.end(JSON.stringify({ token: path.includes('project%3Ateam') ? 'good' : 'narrow' }));
    return true;
  });
  registry.always(/ \/v2\//, ({ headers }, response) => {
    if (headers.authorization === 'Bearer good') return undefined;
    response.writeHead(401, { 'WWW-Authenticate': challenge }).end();
    return true;
  });
  await client.resolve(ref('team/app:v1'));
  const before = registry.seen.length;
  await client.resolve(ref('team/app:v1'));
  assert.equal(registry.seen.length, before + 1, 'the wider scope is remembered');
});

test('no credential: the error says so, where was looked, and how to log in', async (t) => {
  const credentials: Credentials = { lookup: async () => undefined, searched: ['~/.docker/config.json'] };
  const { registry, client, ref } = await setUp(t, { credentials });
  guard(registry, () => 'useless');
  await assert.rejects(
    client.resolve(ref('team/app:v1')),
    sealerError('UNAUTHORIZED', /No credential .*looked in ~\/\.docker\/config\.json/, /sealer login 127/),
  );
});

test('wrong password: the error names the registry and where the password is from, never the password', async (t) => {
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  registry.always(/ \/token/, answer(401));
  guard(registry);
  const patterns = [new RegExp(registry.address), /from ~\/\.docker\/config\.json/];
  await assert.rejects(client.resolve(ref('team/app:v1')), (error: Error) => {
    assert.doesNotMatch(JSON.stringify(error) + error.message + error.stack, /pass:word|cm9ib3Q/);
    return sealerError('UNAUTHORIZED', ...patterns)(error);
  });
});

test('Basic: the password is shown after the first request and kept for the next', async (t) => {
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  seed(registry, 'team/app', image, 'v1');
  registry.always(/./, ({ headers }, response) => {
    if (headers.authorization?.startsWith('Basic ')) return undefined;
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
    return true;
  });
  assert.equal((await client.resolve(ref('team/app:v1'))).digest, image.manifest.digest);
  assert.ok(registry.seen.every(({ headers }) => headers.authorization !== undefined));
});

test('an identity token is exchanged by POST, and by GET where POST is not known', async (t) => {
  const { registry, client, ref } = await setUp(t, { credentials: having({ identityToken: 'refresh', source: 'x' }) });
  seed(registry, 'team/app', image, 'v1');
  guard(registry);
  await client.resolve(ref('team/app:v1'));
  const post = registry.seen.find(({ method }) => method === 'POST');
  const form = new URLSearchParams(post?.body.toString());
  assert.equal(form.get('grant_type'), 'refresh_token');
  assert.equal(form.get('refresh_token'), 'refresh');

  const other = await setUp(t, { credentials: having({ identityToken: 'refresh', source: 'x' }) });
  seed(other.registry, 'team/app', image, 'v1');
  other.registry.script(/POST \/token/, answer(405));
  guard(other.registry);
  await other.client.resolve(other.ref('team/app:v1'));
  assert.equal(other.registry.calls(/GET \/token/).length, 1);
});

test('access_token is taken where there is no token', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  registry.script(/ \/token/, answer(200, {}, '{"access_token":"good"}'));
  guard(registry);
  await client.resolve(ref('team/app:v1'));
});

test('a token server that answers without end is not read to its end', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.script(/ \/token/, answer(200, {}, `{"token":"${'x'.repeat(70_000)}"}`));
  guard(registry);
  await assert.rejects(client.resolve(ref('team/app:v1')), sealerError('REGISTRY_ERROR', /more than 65536 bytes/));
});

test('a token with a line break in it is refused', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.script(/ \/token/, answer(200, {}, JSON.stringify({ token: 'a\r\nX-Evil: 1' })));
  guard(registry);
  await assert.rejects(client.resolve(ref('team/app:v1')), sealerError('REGISTRY_ERROR', /without a token/));
});

test('a token server on the metadata address is not asked', async (t) => {
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  const challenge = 'Bearer realm="http://169.254.169.254/latest"';
  registry.always(/ \/v2\//, answer(401, { 'WWW-Authenticate': challenge }));
  await assert.rejects(client.resolve(ref('team/app:v1')), sealerError('UNSAFE_REDIRECT', /metadata/));
});

test('403 is DENIED and names the source of the credential', async (t) => {
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  registry.always(/ \/v2\/team/, answer(403, {}, '{"errors":[{"code":"DENIED","message":"not yours\\n::error::x"}]}'));
  await assert.rejects(client.document(ref('team/app:v1')), (error: Error) => {
    assert.doesNotMatch(error.message, /\n/, 'nothing that a workflow could take for a command');
    return sealerError('DENIED', /not yours/, /config\.json/)(error);
  });
});

test('credentials do not follow a redirect to another origin', async (t) => {
  const cdn = await startFakeRegistry();
  t.after(() => cdn[Symbol.asyncDispose]());
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  cdn.always(/ \/cdn/, answer(200, { 'Content-Type': OCI_MANIFEST }, image.bytes));
  registry.always(/ \/v2\/team/, ({ headers }, response) => {
    if (headers.authorization !== undefined) response.writeHead(307, { Location: `${cdn.url}/cdn?signature=x` }).end();
    else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
    return true;
  });
  await client.document(ref('team/app:v1'));
  assert.ok(registry.seen.some(({ headers }) => headers.authorization !== undefined));
  assert.deepEqual(cdn.calls(), ['GET /cdn?signature=x']);
  assert.equal(cdn.seen[0]?.headers.authorization, undefined);
});

test('an origin that we were redirected to does not get credentials by asking for them', async (t) => {
  const other = await startFakeRegistry();
  t.after(() => other[Symbol.asyncDispose]());
  const { registry, client, ref } = await setUp(t, { credentials: having(ONE) });
  other.always(/./, answer(401, { 'WWW-Authenticate': 'Basic realm="give"' }));
  registry.always(/ \/v2\/team/, answer(307, { Location: `${other.url}/` }));
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('UNAUTHORIZED'));
  assert.ok(other.seen.every(({ headers }) => headers.authorization === undefined));
});
