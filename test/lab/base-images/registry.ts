/** A loopback registry that has container images for both architectures, under the paths that mirrors of registries have. */

import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseDocument, serialize } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parseReference, type Reference } from '../../../src/oci/reference.ts';
import { anonymous, RegistryClient } from '../../../src/registry/client/index.ts';
import { folderStorage, type RunningRegistry, serveRegistry } from '../../../src/registry/server/index.ts';
import { tarOf } from './archives.ts';

export interface LabRegistry extends AsyncDisposable {
  /** `127.0.0.1:5000` */
  readonly address: string;
  readonly client: RegistryClient;
  /** Where it has an image of another registry: `127.0.0.1:5000/ghcr.io/flannel-io/flannel:v1`. */
  place(name: string): Reference;
  /** For `--mirror`. */
  readonly flags: readonly string[];
  /** `images.replace` of a sealer.yaml. */
  readonly rules: string;
}

const REGISTRIES = ['registry.k8s.io', 'k8s.gcr.io', 'docker.io', 'ghcr.io', 'quay.io'] as const;

/** Starts it with these images. Disposing ends it. @param root a folder of its own */
export async function startLabRegistry(root: string, names: readonly string[]): Promise<LabRegistry> {
  const running: RunningRegistry = await serveRegistry({ storage: folderStorage(root) });
  const { address } = running;
  const client = new RegistryClient({ env: {}, credentials: anonymous });
  const place = (name: string): Reference => {
    const reference = parseReference(name);
    return { ...reference, registry: address, repository: `${reference.registry}/${reference.repository}` };
  };
  for (const name of names) await pushForBoth(client, place(name), name);
  return {
    ...{ address, client, place },
    flags: REGISTRIES.flatMap((host) => ['--mirror', `${host}=${address}/${host}`]),
    rules: `images:\n  replace:\n${REGISTRIES.map((host) => `    - { from: ${host}/, to: ${address}/${host}/ }\n`).join('')}`,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    },
  };
}

/** An index with a manifest for amd64 and one for arm64. @param content what is in them, beside the architecture */
export async function pushForBoth(client: RegistryClient, target: Reference, content: string): Promise<void> {
  const manifests: Descriptor[] = [];
  for (const architecture of ['amd64', 'arm64']) {
    const tar = await tarOf({ program: `${content} for ${architecture}` });
    const layer = await push(client, target, gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip');
    const config = serialize({
      architecture,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: await push(client, target, config, OCI_CONFIG),
      layers: [layer],
    };
    const document = parseDocument(serialize(manifest), OCI_MANIFEST);
    await client.putDocument({ ...target, tag: undefined }, document);
    manifests.push({ ...document.descriptor, platform: { os: 'linux', architecture } });
  }
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  await client.putDocument(target, parseDocument(serialize(index), OCI_INDEX));
}

async function push(client: RegistryClient, target: Reference, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const descriptor: Descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await client.pushBlob(target, descriptor, async () => Readable.from([bytes]));
  return descriptor;
}
