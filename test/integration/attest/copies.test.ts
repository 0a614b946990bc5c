/** Attestations go where the image goes, and an image that is not what was signed is refused before anything of it is used. */

import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import {
  attachedTo,
  attestImage,
  contentOf,
  keySigner,
  type TrustPolicy,
  verifyImage,
} from '../../../src/attest/index.ts';
import { attach } from '../../../src/attest/referrers/attach.ts';
import type { BuildOptions } from '../../../src/build/index.ts';
import { attestBuild } from '../../../src/cli/attest-build.ts';
import { runnableImage } from '../../../src/cli/clusters/cluster-image.ts';
import { loadArchive, saveArchive } from '../../../src/oci/archive/index.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { hexOf } from '../../../src/oci/digest.ts';
import { formatReference, parseReference, type Reference } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { anonymous, pullImage, pushImage, RegistryClient } from '../../../src/registry/client/index.ts';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { folderOf, temporaryFolder } from '../../lab/scratch.ts';
import { newKeyPair } from '../../lab/sigstore/certificates.ts';
import { storeOf } from '../../lab/stores.ts';
import { sealerError } from '../../unit/registry-client/setting.ts';
import { AMD64 } from '../build/setting.ts';
import { type BuiltSetting, buildCluster } from './setting.ts';

describe('the attestations of an image', () => {
  const stack = new AsyncDisposableStack();
  const { privateKey, publicKey } = newKeyPair();
  const ours: TrustPolicy = { kind: 'key', key: publicKey };
  let built: BuiltSetting;
  let client: RegistryClient;
  let address: string;
  let name: Reference;
  let root: string;

  before(async () => {
    root = join(stack.use(await temporaryFolder('registry')).path, 'data');
    built = stack.use(await buildCluster());
    client = stack.use(new RegistryClient({ env: {}, credentials: anonymous, insecure: true }));
    address = stack.use(await serveRegistry({ storage: folderStorage(root) })).address;
    name = parseReference(`${address}/team/shop:v1`);
    const { setting, result } = built;
    await attestImage(setting.store, result.descriptor, { sbom: true, signer: keySigner(privateKey), version: '1' });
    await pushImage(client, setting.store, result.descriptor, name);
  });
  after(() => stack.disposeAsync());

  const parts = (): readonly Digest[] => built.result.platforms.map(({ manifest }) => manifest.digest);

  function run(store: Store, text: string, trust: TrustPolicy = ours, pull: 'missing' | 'never' = 'missing') {
    return runnableImage({ store, client, report: () => {}, signal: new AbortController().signal }, text, 'amd64', {
      trust,
      pull,
    });
  }

  async function isUntouched(store: Store): Promise<boolean> {
    for (const digest of parts()) if ((await store.stat(digest)) !== undefined) return false;
    return true;
  }

  test('are pulled with it, and verify without the registry', async (t) => {
    const store = await storeOf(t);
    const { descriptor } = await pullImage(client, store, name, { platforms: 'all', referrers: true });
    const { others } = await verifyImage(store, descriptor.digest, ours, parts());
    assert.equal(others.length, 2);
    assert.deepEqual(
      (await attachedTo(store, parts())).map(({ type }) => type).filter((type) => type === 'application/spdx+json')
        .length,
      2,
    );
  });

  test('are in an archive of it, and verify where that is loaded; the index of the archive lists the image only', async (t) => {
    const store = await storeOf(t);
    const file = join(await folderOf(t, 'archive'), 'shop.tar');
    const { setting, result } = built;
    const images = [{ name: formatReference(name), descriptor: result.descriptor }];
    await saveArchive(setting.store, images, createWriteStream(file), { format: 'oci-archive' });
    const { images: loaded } = await loadArchive(createReadStream(file), store);
    assert.deepEqual(
      loaded.map((each) => each.descriptor.digest),
      [result.digest],
    );
    await run(store, formatReference(name), ours, 'never');
  });

  test('stay when the store is pruned, and go with the image', async (t) => {
    const store = await storeOf(t);
    const { descriptor } = await pullImage(client, store, name, { platforms: 'all', referrers: true });
    await store.tag('example.com/shop:v1', descriptor);
    await store.prune();
    await verifyImage(store, descriptor.digest, ours, parts());
  });

  test('of a key are not made twice', async () => {
    const { setting, result } = built;
    const before = await attachedTo(setting.store, [result.digest, ...parts()]);
    await attestImage(setting.store, result.descriptor, { sbom: true, signer: keySigner(privateKey), version: '1' });
    assert.equal((await attachedTo(setting.store, [result.digest, ...parts()])).length, before.length);
  });

  test('allow to run it from the registry and, with all platforms in the store, without it', async (t) => {
    const store = await storeOf(t);
    assert.equal((await run(store, formatReference(name))).digest, parts()[0]);
    await run(store, formatReference(name));
  });

  test('by another key: refused, and nothing of the image was fetched', async (t) => {
    const store = await storeOf(t);
    const trust: TrustPolicy = { kind: 'key', key: newKeyPair().publicKey };
    await assert.rejects(run(store, formatReference(name), trust), sealerError('SIGNATURE_INVALID'));
    assert.ok(await isUntouched(store));
  });

  test('of an image whose name was given to another one: refused', async (t) => {
    const { setting } = built;
    const other = await setting.build({ 'etc/evil': 'x' }, { platforms: [AMD64], tags: ['evil:v1'] });
    const moved = parseReference(`${address}/moved/shop:v1`);
    await pushImage(client, setting.store, built.result.descriptor, moved);
    await pushImage(client, setting.store, other.descriptor, moved);
    const store = await storeOf(t);
    await assert.rejects(run(store, formatReference(moved)), sealerError('SIGNATURE_MISSING'));
    assert.equal(await store.stat(other.digest), undefined);
  });

  test('that are hung on another image: refused', async (t) => {
    const { setting, result } = built;
    const other = await setting.build({ 'etc/evil': 'y' }, { platforms: [AMD64], tags: ['evil:v2'] });
    for (const attached of await attachedTo(setting.store, [result.digest])) {
      await attach(setting.store, other.descriptor, {
        type: attached.type,
        bytes: await contentOf(setting.store, attached),
      });
    }
    const evil = parseReference(`${address}/evil/shop:v2`);
    await pushImage(client, setting.store, other.descriptor, evil);
    const store = await storeOf(t);
    await assert.rejects(run(store, formatReference(evil)), (error: unknown) => {
      assert.ok(sealerError('SIGNATURE_INVALID')(error));
      assert.ok(
        error instanceof Error && 'problems' in error && JSON.stringify(error.problems).includes('another image'),
      );
      return true;
    });
  });

  test('that somebody altered in the registry: refused', async (t) => {
    const copy = parseReference(`${address}/altered/shop:v1`);
    await pushImage(client, built.setting.store, built.result.descriptor, copy);
    const [signature] = await attachedTo(built.setting.store, [built.result.digest]);
    assert.ok(signature !== undefined);
    const undo = await alter(blobFile(signature.content.digest));
    t.after(undo);
    await assert.rejects(run(await storeOf(t), formatReference(copy)), sealerError('SIGNATURE_MISSING'));
  });

  test('do not save an index that somebody altered in the registry', async (t) => {
    const undo = await alter(blobFile(built.result.digest));
    t.after(undo);
    const store = await storeOf(t);
    await assert.rejects(run(store, formatReference(name)), sealerError('DIGEST_MISMATCH'));
    assert.ok(await isUntouched(store));
  });

  test('tell how it was built: bases, images, the Kubefile; and no value of a build argument', async (t: TestContext) => {
    const { setting, result, webDigest } = built;
    const options = {
      ...{ context: setting.context, tags: [], platforms: [], labels: {}, annotations: {}, noCache: false },
      ...{ pull: 'missing', secrets: [], imageLists: [], ignoredImageLists: [], saveImages: true },
      ...{ type: 'kube-installer', buildArgs: { VERSION: 'value-that-stays-out' } },
    } as const satisfies BuildOptions;
    const env = {
      ...{
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: setting.context,
        GITHUB_REPOSITORY: 'me/shop',
        GITHUB_SHA: 'a'.repeat(40),
      },
      ...{ GITHUB_REF: 'refs/heads/main', GITHUB_WORKFLOW_REF: 'me/shop/.github/workflows/x.yml@refs/heads/main' },
      ...{ GITHUB_RUN_ID: '7', GITHUB_EVENT_NAME: 'push' },
    };
    const made = await attestBuild(setting.store, result, options, {
      sbom: false,
      provenance: true,
      signer: undefined,
      env,
    });
    const attached = (await attachedTo(setting.store, [result.digest])).find(
      ({ digest }) => digest === made[0]?.digest,
    );
    assert.ok(attached !== undefined);
    const text = (await contentOf(setting.store, attached)).toString();
    const { subject, predicate } = JSON.parse(text);
    assert.deepEqual(subject, [{ digest: { sha256: hexOf(result.digest) } }]);
    const { buildDefinition, runDetails } = predicate;
    assert.equal(runDetails.builder.id, 'https://github.com/me/shop/.github/workflows/x.yml@refs/heads/main');
    assert.equal(runDetails.metadata.invocationId, 'https://github.com/me/shop/actions/runs/7/attempts/1');
    assert.equal(buildDefinition.externalParameters.workflow.path, '.github/workflows/x.yml');
    assert.equal(buildDefinition.externalParameters.kubefile, 'Kubefile');
    const digests = JSON.stringify(buildDefinition.resolvedDependencies);
    assert.ok(digests.includes(hexOf(webDigest)) && digests.includes('a'.repeat(40)));
    assert.ok(!text.includes('value-that-stays-out') && text.includes('VERSION'));
    assert.ok(!text.includes(setting.path));
    t.diagnostic(`${text.length} bytes`);
  });

  /** Of a registry that keeps its content in a folder. */
  function blobFile(digest: Digest): string {
    const hex = hexOf(digest);
    return join(root, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  }
});

/** Changes one byte of a file, in the middle. */
async function alter(file: string): Promise<() => Promise<void>> {
  const whole = await readFile(file);
  const altered = Buffer.from(whole);
  const at = Math.floor(altered.length / 2);
  altered[at] = altered[at] === 0x41 ? 0x42 : 0x41;
  await writeFile(file, altered);
  return () => writeFile(file, whole);
}
