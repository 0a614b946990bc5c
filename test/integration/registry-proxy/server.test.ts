/** What a proxy asks of the server: users by hand, patience with a storage that has to fetch, storages in turn. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { switchableStorage } from '../../../src/registry/proxy/index.ts';
import {
  type AccessEntry,
  NO_WRITES,
  type RegistryStorage,
  serveRegistry,
} from '../../../src/registry/server/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

const DIGEST = digestOf('content');

function storageOf(parts: Partial<RegistryStorage> = {}): RegistryStorage {
  return {
    ...NO_WRITES,
    locate: async (name) => name,
    repositories: async () => [],
    hasRepository: async () => true,
    tags: async () => [],
    resolve: async () => undefined,
    manifest: async () => undefined,
    referrers: async () => [],
    blob: async () => ({ size: 7, open: async () => Readable.from([Buffer.from('content')]) }),
    ...parts,
  };
}

function login(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

test('users that are given by hand may do everything, others nothing, and those of a file come beside them', async () => {
  await using folder = await temporaryFolder();
  const htpasswd = join(folder.path, 'htpasswd');
  await writeFile(htpasswd, 'ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n');
  const users = new Map([['node', 'pass:word']]);
  const statusOf = async (url: string, headers: Record<string, string>) =>
    (await fetch(`${url}/v2/`, { headers })).status;
  await using both = await serveRegistry({ storage: storageOf(), users, htpasswd });
  await using given = await serveRegistry({ storage: storageOf(), users });
  await using nobody = await serveRegistry({ storage: storageOf(), users: new Map() });
  for (const { url } of [both, given]) {
    assert.equal(await statusOf(url, login('node', 'pass:word')), 200);
    for (const [user, password] of [
      ['node', 'pass'],
      ['node', 'pass:word2'],
      ['node', ''],
      ['', ''],
      ['Node', 'pass:word'],
    ] as const) {
      assert.equal(await statusOf(url, login(user, password)), 401, `${user}:${password}`);
    }
    assert.equal(await statusOf(url, {}), 401);
  }
  assert.equal(await statusOf(both.url, login('ann', 'secret')), 200);
  assert.equal(await statusOf(given.url, login('ann', 'secret')), 401);
  assert.equal(await statusOf(nobody.url, login('node', 'pass:word')), 401);
});

test('a client that waits for us is not cut off, one that does not read is', async () => {
  const { promise: ready, resolve: fetched } = Promise.withResolvers<void>();
  const big = 64 << 20;
  const storage = storageOf({
    blob: async (repository) => {
      if (repository === 'slow') await ready;
      const open = async () => Readable.from(repository === 'slow' ? [Buffer.from('content')] : endless(big));
      return { size: repository === 'slow' ? 7 : big, open };
    },
  });
  const { promise: cut, resolve: noteCut } = Promise.withResolvers<void>();
  const log = ({ path }: AccessEntry): void => void (path.includes('big') && noteCut());
  await using registry = await serveRegistry({ storage, limits: { idleMs: 100 }, log });
  const waiting = fetch(`${registry.url}/v2/slow/blobs/${DIGEST}`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  fetched();
  assert.equal(await (await waiting).text(), 'content');
  const lazy = get(`${registry.url}/v2/big/blobs/${DIGEST}`, { agent: false }, (response) => response.pause());
  lazy.on('error', () => {});
  await cut;
  lazy.destroy();
});

function* endless(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= 1 << 16) yield Buffer.alloc(1 << 16);
}

test('a storage takes the place of another while clients stay connected, and all are closed in the end', async () => {
  const closed: string[] = [];
  const named = (name: string) =>
    storageOf({
      tags: async () => [name],
      close: async () => {
        closed.push(name);
      },
    });
  const storage = switchableStorage(named('first'));
  {
    await using registry = await serveRegistry({ storage });
    const tags = async () => Object(await (await fetch(`${registry.url}/v2/x/tags/list`)).json()).tags;
    assert.deepEqual(await tags(), ['first']);
    storage.use(named('second'));
    assert.deepEqual(await tags(), ['second']);
    assert.equal((await fetch(`${registry.url}/v2/x/blobs/uploads/`, { method: 'POST' })).status, 405);
  }
  assert.deepEqual(closed.sort(), ['first', 'second']);
});

test('the server listens on the address that it is given', async () => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const other = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';
  const isThere = await new Promise<boolean>((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(0, other, () => probe.close(() => resolve(true)));
  });
  if (!isThere) return;
  await using registry = await serveRegistry({ storage: storageOf(), host: other });
  assert.ok(registry.address.startsWith(`${other}:`));
  assert.equal((await fetch(`${registry.url}/v2/`)).status, 200);
});
