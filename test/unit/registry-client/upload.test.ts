import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import type { BlobSource } from '../../../src/registry/client/index.ts';
import { noise } from '../../lab/scratch.ts';
import { answer, type Responder } from './fake-registry.ts';
import { type Setting, sealerError, setUp } from './setting.ts';

const MB = 1024 * 1024;
const bytes = noise(2 * MB);
const blob = describeBytes(bytes, OCI_LAYER);
const source: BlobSource = async ({ start, end } = { start: 0 }) => {
  const part = bytes.subarray(start, end === undefined ? undefined : end + 1);
  return Readable.from(
    Array.from({ length: Math.ceil(part.length / 65536) }, (_, i) => part.subarray(i * 65536, (i + 1) * 65536)),
  );
};

async function push({ client, ref }: Setting, mountFrom: string[] = []) {
  let counted = 0;
  const how = await client.pushBlob(ref('team/app'), blob, source, {
    mountFrom,
    onBytes: (count) => (counted += count),
  });
  return { how, counted };
}

function arrived({ registry }: Setting): void {
  assert.ok(registry.held.has(`team/app@${blob.digest}`));
  assert.deepEqual(registry.blobs.get(blob.digest), bytes);
}

/** Answers before the body is read, as proxies with a limit do. */
function early(status: number): Responder {
  return Object.assign(
    ((_seen, response) => {
      response.writeHead(status, { Connection: 'close' }).end();
      return true;
    }) as Responder,
    { early: true },
  );
}

/** Cuts the connection in the middle of the body. */
function cutting(count: number): Responder {
  return Object.assign(
    (async (_seen, response, request) => {
      let got = 0;
      for await (const chunk of request) {
        got += chunk.length;
        if (got >= count) break;
      }
      response.destroy();
      return true;
    }) as Responder,
    { early: true },
  );
}

test('a blob that is there is not sent', async (t) => {
  const setting = await setUp(t);
  setting.registry.held.add(`team/app@${blob.digest}`);
  setting.registry.blobs.set(blob.digest, bytes);
  assert.deepEqual(await push(setting), { how: 'exists', counted: 0 });
  assert.deepEqual(setting.registry.calls(), [`HEAD /v2/team/app/blobs/${blob.digest}`]);
});

test('a blob goes out in one piece, and the query of the session stays', async (t) => {
  const setting = await setUp(t);
  assert.deepEqual(await push(setting), { how: 'uploaded', counted: bytes.length });
  arrived(setting);
  const put = new URL(setting.registry.calls(/^PUT/)[0]?.slice(4) ?? '', setting.registry.url);
  assert.equal(put.searchParams.get('state'), 's');
  assert.equal(put.searchParams.get('digest'), blob.digest);
  assert.equal(setting.registry.seen.at(-1)?.headers['content-length'], String(bytes.length));
});

test('a blob that another repository has is mounted', async (t) => {
  const setting = await setUp(t);
  setting.registry.held.add(`base/os@${blob.digest}`);
  assert.deepEqual(await push(setting, ['base/os']), { how: 'mounted', counted: 0 });
});

test('a refused mount is used as the session of the upload', async (t) => {
  const setting = await setUp(t);
  assert.equal((await push(setting, ['base/os'])).how, 'uploaded');
  arrived(setting);
  assert.equal(setting.registry.calls(/^POST/).length, 1);
});

test('a mount that is not allowed is no failure', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^POST .*mount=/, answer(403));
  assert.equal((await push(setting, ['base/os'])).how, 'uploaded');
  arrived(setting);
});

test('413 to the whole makes it go out in chunks', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, early(413));
  assert.deepEqual(await push(setting), { how: 'uploaded', counted: bytes.length });
  arrived(setting);
  const patch = setting.registry.seen.find(({ method }) => method === 'PATCH');
  assert.equal(patch?.headers['content-range'], `0-${bytes.length - 1}`);
  assert.deepEqual(setting.timing.waits, [], 'without a wait');
});

test('after a 413 the next blob of that size goes out in chunks at once', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, early(413));
  await push(setting);
  setting.registry.held.clear();
  const before = setting.registry.seen.length;
  await push(setting);
  assert.deepEqual(
    setting.registry.seen.slice(before).map(({ method }) => method),
    ['HEAD', 'POST', 'PATCH', 'PUT'],
  );
});

test('a connection that is cut in the body makes it go out in chunks', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, cutting(1.5 * MB));
  assert.deepEqual(await push(setting), { how: 'uploaded', counted: bytes.length });
  arrived(setting);
  assert.equal(setting.registry.calls(/^PATCH/).length, 1);
});

test('a chunk that breaks off is resumed where the registry stands', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, early(413));
  let kept = 0;
  setting.registry.script(
    /^PATCH/,
    Object.assign(
      (async (_seen, response, request) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
          chunks.push(chunk);
          kept += chunk.length;
          if (kept > MB) break;
        }
        response.destroy();
        // What came before the cut was kept by the registry.
        setting.registry.script(/^GET .*uploads/, answer(204, { Range: `0-${kept - 1}` }));
        setting.registry.script(/^PATCH/, ({ headers, body }, again) => {
          assert.equal(headers['content-range'], `${kept}-${bytes.length - 1}`);
          assert.deepEqual(body, bytes.subarray(kept));
          again.writeHead(202, { Range: `0-${bytes.length - 1}` }).end();
          return true;
        });
        setting.registry.script(/^PUT/, answer(201));
        return true;
      }) as Responder,
      { early: true },
    ),
  );
  assert.deepEqual(await push(setting), { how: 'uploaded', counted: bytes.length });
  assert.ok(kept > MB);
});

test('a registry that takes less of a chunk than it was sent gets the rest', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, early(413));
  const sent: string[] = [];
  setting.registry.script(
    /^PATCH/,
    ({ headers }, response) => {
      sent.push(String(headers['content-range']));
      response.writeHead(202, { Range: `0-${MB - 1}` }).end();
      return true;
    },
    ({ headers }, response) => {
      sent.push(String(headers['content-range']));
      response.writeHead(202, { Range: `0-${bytes.length - 1}` }).end();
      return true;
    },
  );
  setting.registry.script(/^PUT/, answer(201));
  await push(setting);
  assert.deepEqual(sent, [`0-${2 * MB - 1}`, `${MB}-${2 * MB - 1}`]);
});

test('a registry that knows no chunks gets the whole again (Google)', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, cutting(1.5 * MB));
  setting.registry.script(/^PATCH/, answer(405));
  assert.deepEqual(await push(setting), { how: 'uploaded', counted: bytes.length });
  arrived(setting);
});

test('503 in the middle is waited for, in a new session', async (t) => {
  const setting = await setUp(t);
  setting.registry.script(/^PUT/, answer(503, { 'Retry-After': '7' }));
  assert.deepEqual(await push(setting), { how: 'uploaded', counted: bytes.length });
  assert.deepEqual(setting.timing.waits, [7000]);
  assert.equal(setting.registry.calls(/^POST/).length, 2);
});

test('content that is not its digest fails with DIGEST_MISMATCH, once', async (t) => {
  const setting = await setUp(t);
  const wrong = { ...blob, digest: describeBytes(Buffer.from('x'), '').digest };
  const pushing = setting.client.pushBlob(setting.ref('team/app'), wrong, source);
  await assert.rejects(pushing, sealerError('DIGEST_MISMATCH'));
  assert.equal(setting.registry.calls(/^PUT/).length, 1);
});

test('a source that breaks fails with its own error and is not tried again', async (t) => {
  const setting = await setUp(t);
  const broken: BlobSource = async () =>
    Readable.from(
      (async function* () {
        yield bytes.subarray(0, 1000);
        throw new Error('the disk is broken');
      })(),
    );
  await assert.rejects(setting.client.pushBlob(setting.ref('team/app'), blob, broken), /the disk is broken/);
  assert.equal(setting.registry.calls(/^POST/).length, 1);
});

test('a source that is shorter than its descriptor fails instead of hanging', async (t) => {
  const setting = await setUp(t);
  const short: BlobSource = async () => Readable.from([bytes.subarray(0, 1000)]);
  const pushing = setting.client.pushBlob(setting.ref('team/app'), blob, short);
  await assert.rejects(pushing, sealerError('SIZE_MISMATCH', /1000 bytes instead of/));
});

test('an upload session on another origin does not get our credentials', async (t) => {
  const credentials = { lookup: async () => ({ username: 'u', password: 'p', source: 'x' }) };
  const setting = await setUp(t, { credentials });
  const other = await setUp(t);
  setting.registry.always(/./, ({ headers, method }, response) => {
    if (headers.authorization === undefined) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      return true;
    }
    if (method !== 'POST') return undefined;
    response.writeHead(202, { Location: `${other.registry.url}/v2/store/blobs/uploads/` }).end();
    return true;
  });
  other.registry.script(/^PUT/, answer(201));
  await push(setting);
  assert.equal(other.registry.seen.at(-1)?.headers.authorization, undefined);
});

test('an empty blob is pushed', async (t) => {
  const setting = await setUp(t);
  const empty = describeBytes(Buffer.alloc(0), OCI_LAYER);
  assert.equal(
    await setting.client.pushBlob(setting.ref('team/app'), empty, async () => Readable.from([])),
    'uploaded',
  );
});
