import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { isForbidden, isLoopback } from '../../../src/registry/client/http/address.ts';
import { resolveLocation } from '../../../src/registry/client/http/redirect.ts';
import { anonymous, RegistryClient } from '../../../src/registry/client/index.ts';
import { noise } from '../../lab/scratch.ts';
import { answer } from './fake-registry.ts';
import { fakeTiming, makeImage, sealerError, seed, setUp } from './setting.ts';

const image = makeImage([noise(1000)]);
const MANIFEST = / \/v2\/team\/app\/manifests/;

test('429 with Retry-After is waited for', async (t) => {
  const { registry, client, ref, timing } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  registry.script(MANIFEST, answer(429, { 'Retry-After': '30' }));
  await client.resolve(ref('team/app:v1'));
  assert.deepEqual(timing.waits, [30_000]);
});

test('Retry-After can be a date', async (t) => {
  const { registry, client, ref, timing } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  registry.script(MANIFEST, answer(503, { 'Retry-After': new Date(timing.time + 12_000).toUTCString() }));
  await client.resolve(ref('team/app:v1'));
  assert.deepEqual(timing.waits, [12_000]);
});

test('a registry that wants more than a minute of patience fails with RATE_LIMITED at once', async (t) => {
  const { registry, client, ref, timing } = await setUp(t);
  registry.always(MANIFEST, answer(429, { 'Retry-After': '3600' }, '{"errors":[{"code":"TOOMANYREQUESTS"}]}'));
  await assert.rejects(
    client.document(ref('team/app:v1')),
    sealerError('RATE_LIMITED', /asks to wait 3600 s/, /TOOMANYREQUESTS/, /[Ll]og in/),
  );
  assert.deepEqual(timing.waits, []);
});

test('500 is tried five times with growing waits, then it is REGISTRY_ERROR with what was said', async (t) => {
  const { registry, client, ref, timing } = await setUp(t);
  registry.always(MANIFEST, answer(500, {}, '{"errors":[{"code":"UNKNOWN","message":"disk on fire"}]}'));
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('REGISTRY_ERROR', /500: UNKNOWN disk on fire/));
  assert.deepEqual(timing.waits, [500, 1000, 2000, 4000]);
});

test('a connection that is cut is tried again', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  const cut = (_: unknown, response: { destroy(): unknown }) => response.destroy();
  registry.script(MANIFEST, cut, cut);
  await client.resolve(ref('team/app:v1'));
});

test('a manifest whose body breaks off is fetched again', async (t) => {
  const { registry, client, ref } = await setUp(t);
  seed(registry, 'team/app', image, 'v1');
  registry.script(MANIFEST, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': image.bytes.length });
    response.write(image.bytes.subarray(0, 10), () => setImmediate(() => response.destroy()));
    return true;
  });
  assert.deepEqual((await client.document(ref('team/app:v1'))).bytes, image.bytes);
});

test('401 and 404 are not tried again', async (t) => {
  const { registry, client, ref } = await setUp(t);
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('IMAGE_NOT_FOUND', /team\/app:v1/));
  registry.always(MANIFEST, answer(401));
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('UNAUTHORIZED'));
  assert.equal(registry.seen.length, 2);
});

test('nobody listens: REGISTRY_UNREACHABLE, after some patience', async () => {
  const timing = fakeTiming();
  await using client = new RegistryClient({ env: {}, credentials: anonymous, timing });
  const ref = parseReference('127.0.0.1:1/team/app:v1');
  await assert.rejects(client.resolve(ref), sealerError('REGISTRY_UNREACHABLE', /127\.0\.0\.1:1/));
  assert.equal(timing.waits.length, 4);
});

test('a host that is not this machine and speaks plain http is INSECURE_REGISTRY, and gets no request', async (t) => {
  const { registry } = await setUp(t);
  const port = registry.address.split(':')[1];
  // All of 0/8 is this machine for a socket, and no loopback address for us.
  const name = `0.0.0.0:${port}`;
  await using client = new RegistryClient({ env: {}, credentials: anonymous, timing: fakeTiming() });
  const ref = { registry: name, repository: 'team/app', tag: 'v1' };
  await assert.rejects(client.resolve(ref), sealerError('INSECURE_REGISTRY', /plain http/, /--insecure/));
  assert.deepEqual(registry.seen, []);

  await using allowed = new RegistryClient({ env: {}, credentials: anonymous, insecure: [name], timing: fakeTiming() });
  seed(registry, 'team/app', image, 'v1');
  assert.equal((await allowed.resolve(ref)).digest, image.manifest.digest);
});

test('redirects are followed, with a limit', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.always(MANIFEST, answer(307, { Location: '/elsewhere?x=1' }));
  registry.script(/elsewhere/, answer(200, { 'Content-Type': OCI_MANIFEST }, image.bytes));
  assert.equal((await client.document(ref('team/app:v1'))).descriptor.digest, image.manifest.digest);
  registry.always(/elsewhere/, answer(307, { Location: '/elsewhere?x=1' }));
  await assert.rejects(client.document(ref('team/app:v1')), sealerError('UNSAFE_REDIRECT', /more than 10/));
});

test('redirects to the metadata service, to files and the like are not followed', async (t) => {
  const { registry, client, ref } = await setUp(t);
  for (const location of [
    'http://169.254.169.254/latest',
    'http://[fe80::1]/',
    'file:///etc/passwd',
    'http://2852039166/',
  ]) {
    registry.script(MANIFEST, answer(307, { Location: location }));
    await assert.rejects(client.document(ref('team/app:v1')), sealerError('UNSAFE_REDIRECT'), location);
  }
});

test('addresses are told apart however they are written', () => {
  for (const host of ['localhost', 'LOCALHOST:5000', '127.1.2.3', '[::1]:5000', '::1', 'a.localhost']) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ['localhost.example.com', '128.0.0.1', '[::2]', '127.0.0.1.nip.io'])
    assert.ok(!isLoopback(host), host);
  for (const host of [
    '169.254.169.254',
    '[fe80::1]:80',
    '[::ffff:169.254.169.254]',
    'metadata.google.internal.',
    '0.0.0.0',
  ]) {
    assert.ok(isForbidden(host), host);
  }
});

test('https does not become http, but a registry that thinks so of itself is corrected', () => {
  const origin = new URL('https://registry.example.com:8443/');
  const resolve = (location: string) => resolveLocation(location, origin, origin, 'redirects to').href;
  assert.throws(() => resolve('http://cdn.example.com/x'), sealerError('UNSAFE_REDIRECT', /not encrypted/));
  assert.throws(() => resolve('https://127.0.0.1/x'), sealerError('UNSAFE_REDIRECT', /this machine/));
  assert.equal(resolve('http://registry.example.com:8443/v2/x?y=1'), 'https://registry.example.com:8443/v2/x?y=1');
  assert.equal(resolve('http://registry.example.com/v2/x'), 'https://registry.example.com:8443/v2/x');
  assert.equal(resolve('/v2/x'), 'https://registry.example.com:8443/v2/x');
  assert.equal(resolve('https://user:secret@cdn.example.com/x'), 'https://cdn.example.com/x');
});

test('a warning of the registry is reported once', async (t) => {
  const { registry, client, ref, events } = await setUp(t);
  registry.always(MANIFEST, (_seen, response) => {
    response.setHeader('Warning', '299 - "this \\"host\\" moves on Friday"');
    return undefined;
  });
  seed(registry, 'team/app', image, 'v1');
  await client.resolve(ref('team/app:v1'));
  await client.resolve(ref('team/app:v1'));
  assert.deepEqual(events, [
    { type: 'note', level: 'warning', message: `${registry.address}: this "host" moves on Friday` },
  ]);
});

test('an error does not show the query of a signed address', async (t) => {
  const { registry, client, ref } = await setUp(t);
  registry.always(MANIFEST, answer(307, { Location: '/signed?signature=hush' }));
  registry.always(/signed/, answer(400, {}, '<html>no</html>'));
  await assert.rejects(client.document(ref('team/app:v1')), (error: Error) => {
    assert.doesNotMatch(`${error.message}${error.stack}`, /hush|html/);
    return true;
  });
});

test('proxies are taken from the environment that was given', async (t) => {
  const proxy = await setUp(t);
  const env = { HTTP_PROXY: proxy.registry.url, NO_PROXY: 'other.example.com' };
  seed(proxy.registry, 'team/app', image, 'v1');
  proxy.registry.always(/^GET http:\/\/registry\.test/, answer(200));
  proxy.registry.always(
    /^HEAD http:\/\/registry\.test\/v2\/team/,
    answer(200, {
      'Content-Type': OCI_MANIFEST,
      'Docker-Content-Digest': image.manifest.digest,
    }),
  );
  await using client = new RegistryClient({
    env: { ...env, HTTPS_PROXY: proxy.registry.url },
    credentials: anonymous,
    insecure: true,
    timing: fakeTiming(),
  });
  const found = await client.resolve({ registry: 'registry.test', repository: 'team/app', tag: 'v1' });
  assert.equal(found.digest, image.manifest.digest);
  assert.equal(proxy.registry.calls(/^HEAD http:\/\/registry\.test\/v2\/team/).length, 1);
});

test('what the command aborts, ends', async (t) => {
  const stop = new AbortController();
  const { registry, client, ref } = await setUp(t, { signal: stop.signal });
  registry.always(MANIFEST, () => {
    stop.abort(new Error('interrupted'));
    return true;
  });
  await assert.rejects(client.resolve(ref('team/app:v1')), /interrupted/);
});
