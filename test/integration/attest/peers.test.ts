/** cosign and oras read what we attach, and we verify what cosign signs: on a registry that knows referrers and on one that does not. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  attestImage,
  buildPlace,
  keylessSigner,
  keySigner,
  provenancePredicate,
  readPrivateKey,
  readPublicKey,
  type Signer,
  verifyImage,
} from '../../../src/attest/index.ts';
import { runnableImage } from '../../../src/cli/clusters/cluster-image.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { anonymous, pullImage, pushImage, RegistryClient } from '../../../src/registry/client/index.ts';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { folderOf, temporaryFolder } from '../../lab/scratch.ts';
import { identityToken, startSigstore } from '../../lab/sigstore/services.ts';
import { storeOf } from '../../lab/stores.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { sealerError } from '../../unit/registry-client/setting.ts';
import { type BuiltSetting, buildCluster } from './setting.ts';

const PASSWORD = 'a pass word';
const WORKFLOW = 'https://github.com/me/shop/.github/workflows/release.yml@refs/heads/main';
const GITHUB = 'https://token.actions.githubusercontent.com';

describe('attestations and other tools', { skip: needs('cosign', 'oras', 'docker-registry') }, () => {
  const stack = new AsyncDisposableStack();
  let built: BuiltSetting;
  let folder: string;
  let client: RegistryClient;
  let signer: Signer;
  const addresses: string[] = [];

  before(async () => {
    folder = stack.use(await temporaryFolder('cosign')).path;
    built = stack.use(await buildCluster());
    client = stack.use(new RegistryClient({ env: { HOME: folder }, credentials: anonymous, insecure: true }));
    addresses.push(stack.use(await startDockerRegistry()).address);
    addresses.push(stack.use(await serveRegistry({ storage: folderStorage(join(folder, 'registry')) })).address);
    await cosign('generate-key-pair');
    signer = keySigner(await readPrivateKey(await readFile(join(folder, 'cosign.key'), 'utf8'), PASSWORD, 'key'));
    const { setting, result } = built;
    await attestImage(setting.store, result.descriptor, { ...provenance(), sbom: true, signer, version: '1.2.3' });
    for (const address of addresses) await pushImage(client, setting.store, result.descriptor, nameAt(address));
  });
  after(() => stack.disposeAsync());

  const cosign = (...args: string[]): Promise<string> =>
    runTool('cosign', args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, COSIGN_PASSWORD: PASSWORD } });
  const oras = (...args: string[]): Promise<string> => runTool('oras', args, { cwd: folder });
  const nameAt = (address: string) => parseReference(`${address}/team/shop:v1`);
  const KEY = ['--key', 'cosign.pub', '--insecure-ignore-tlog=true', '--allow-http-registry'];
  const publicKey = async () => readPublicKey(await readFile(join(folder, 'cosign.pub'), 'utf8'), 'cosign.pub');

  function provenance(): { provenance: object } {
    const facts = {
      ...{ kubefile: { path: 'Kubefile', digest: digestOf('') }, context: '.', target: undefined },
      ...{
        type: 'kube-installer',
        platforms: ['linux/amd64'],
        buildArgs: ['VERSION'],
        version: '1.2.3',
        materials: [],
      },
    };
    return { provenance: provenancePredicate(facts, buildPlace({})) };
  }

  function manifests(): readonly Digest[] {
    return built.result.platforms.map(({ manifest }) => manifest.digest);
  }

  async function orasTypes(image: string): Promise<readonly string[]> {
    const { referrers } = JSON.parse(await oras('discover', '--plain-http', '--format', 'json', image));
    return referrers.map(({ artifactType }: { artifactType: string }) => artifactType).sort();
  }

  test('cosign verifies our signature, our provenance, and the SBOM of each platform', async () => {
    for (const address of addresses) {
      const image = `${address}/team/shop`;
      await cosign('verify', ...KEY, `${image}:v1`);
      await cosign('verify-attestation', '--type', 'slsaprovenance1', ...KEY, `${image}@${built.result.digest}`);
      for (const manifest of manifests()) {
        const out = await cosign('verify-attestation', '--type', 'spdxjson', ...KEY, `${image}@${manifest}`);
        const { predicate } = JSON.parse(Buffer.from(JSON.parse(out).payload, 'base64').toString());
        assert.equal(predicate.spdxVersion, 'SPDX-2.3');
      }
    }
  });

  test('cosign refuses it with another key', async () => {
    const other = join(folder, 'other');
    await cosign('generate-key-pair', '--output-key-prefix', other);
    const key = ['--key', `${other}.pub`, ...KEY.slice(2)];
    await assert.rejects(cosign('verify', ...key, `${addresses[0]}/team/shop:v1`), /do not match threshold/);
  });

  test('oras lists what is attached, and pulls the SBOM as it is', async (t) => {
    for (const address of addresses) {
      const image = `${address}/team/shop`;
      const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
      assert.deepEqual(await orasTypes(`${image}:v1`), [bundle, bundle]);
      const [manifest = built.result.digest] = manifests();
      assert.deepEqual(await orasTypes(`${image}@${manifest}`), ['application/spdx+json', bundle]);
      const { referrers } = JSON.parse(
        await oras(
          'discover',
          '--plain-http',
          '--format',
          'json',
          '--artifact-type',
          'application/spdx+json',
          `${image}@${manifest}`,
        ),
      );
      const output = await folderOf(t, 'sbom');
      await oras('pull', '--plain-http', '-o', output, `${image}@${referrers[0].digest}`);
      const sbom = JSON.parse(await readFile(join(output, 'sbom.spdx.json'), 'utf8'));
      assert.ok(sbom.packages.some(({ name }: { name: string }) => name === 'shop'));
    }
  });

  test('the index has the platforms of the image and nothing else', async () => {
    for (const address of addresses) {
      const index = JSON.parse(await oras('manifest', 'fetch', '--plain-http', `${address}/team/shop:v1`));
      const platforms = index.manifests.map(
        ({ platform }: { platform: { os: string; architecture: string } }) => platform,
      );
      assert.deepEqual(platforms, [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ]);
    }
  });

  test("cosign's signature is verified by us, with its key alone, by run before a layer is fetched", async (t) => {
    for (const address of addresses) {
      const { result } = built;
      const bare = await storeOf(t);
      const name = parseReference(`${address}/cosigned/shop:v1`);
      // A store of its own, so that none of our attestations come along.
      await pullImage(client, bare, nameAt(address), { platforms: 'all' });
      await pushImage(client, bare, result.descriptor, name);
      const text = `${address}/cosigned/shop:v1`;
      const policy = { kind: 'key', key: await publicKey() } as const;
      const running = await storeOf(t);
      const world = { store: running, client, report: () => {}, signal: new AbortController().signal };
      const run = () => runnableImage(world, text, 'amd64', { trust: policy });
      await assert.rejects(run(), sealerError('SIGNATURE_MISSING'));
      assert.equal(await layersIn(running, bare, result.digest), 0);
      const sign = ['sign', '--key', 'cosign.key', '--tlog-upload=false', '--use-signing-config=false', '-y'];
      await cosign(...sign, '--allow-http-registry', `${address}/cosigned/shop@${result.digest}`);
      await run();
      assert.ok((await layersIn(running, bare, result.digest)) > 0);
      const { signatures } = await verifyImage(running, result.digest, policy);
      assert.equal(signatures.length, 1);
    }
  });

  test('cosign verifies what we sign without a key, by the same trusted root', async (t) => {
    await using sigstore = await startSigstore();
    const store = await storeOf(t);
    const [address = ''] = addresses;
    await pullImage(client, store, nameAt(address), { platforms: 'all' });
    const endpoints = { fulcio: sigstore.address, rekor: sigstore.address };
    const keyless = keylessSigner({ endpoints, token: async () => identityToken(WORKFLOW, GITHUB) });
    await attestImage(store, built.result.descriptor, { sbom: false, signer: keyless, version: '1.2.3' });
    const name = `${address}/keyless/shop:v1`;
    await pushImage(client, store, built.result.descriptor, parseReference(name));
    const root = join(folder, 'trusted-root.json');
    await writeFile(root, sigstore.trustedRoot);
    const check = (identity: string): Promise<string> =>
      cosign(
        'verify',
        '--allow-http-registry',
        '--insecure-ignore-sct',
        '--trusted-root',
        root,
        '--certificate-oidc-issuer',
        GITHUB,
        '--certificate-identity',
        identity,
        name,
      );
    await check(WORKFLOW);
    await assert.rejects(check(`${WORKFLOW}2`), /expected SAN value/);
  });
});

/** How many layers of an image a store has. */
async function layersIn(store: Store, whole: Store, index: Digest): Promise<number> {
  const document = await whole.document(index);
  assert.ok(document.kind === 'index');
  let count = 0;
  for (const { digest } of document.index.manifests) {
    const below = await whole.document(digest);
    assert.ok(below.kind === 'manifest');
    for (const layer of below.manifest.layers) if ((await store.stat(layer.digest)) !== undefined) count += 1;
  }
  return count;
}
