/**
 * A cluster image as the Go sealer v0.11 leaves it: GNU tar, gzip and the CNCF registry make it, nothing of ours is in it.
 * Layers do not say what they hold; the last one is the registry's whole storage, with repositories without their hosts.
 */

import { createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { copyFile, cp, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pushContainerImage } from '../../lab/container-image.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { writeFiles } from '../../lab/scratch.ts';
import { runTool } from '../../lab/tools.ts';

/** Container images inside, as its list has them. */
export const GO_IMAGES = ['docker.io/library/nginx:1.21', 'k8s.gcr.io/pause:3.2'] as const;

const LABELS = {
  'cluster.alpha.sealer.io/cluster-runtime-type': 'kubernetes',
  'cluster.alpha.sealer.io/cluster-runtime-version': 'v1.20.2',
  'cluster.alpha.sealer.io/container-runtime-type': 'containerd',
  'cluster.alpha.sealer.io/container-runtime-version': '1.6.20',
};

const LAUNCH = 'cd application/apps/mysql/ && kubectl apply -f mysql.yaml';

const ROOTFS = {
  'bin/kubeadm': 'kubeadm',
  'bin/kubelet': 'kubelet',
  'bin/kubectl': 'kubectl',
  'cri/bin/containerd': 'containerd',
  'etc/kubeadm.yml.tmpl': 'apiVersion: kubeadm.k8s.io/v1beta2\nkind: ClusterConfiguration\n',
  'etc/mysql.yaml': 'config: {}\n',
  'scripts/pre_init_disk.sh': 'true\n',
  'application/apps/mysql/mysql.yaml': 'mysql-user: nobody\n',
};

/**
 * Writes the archive that `sealer save` of v0.11 would (an OCI layout in a tar).
 * @param folder to work in
 * @returns its path
 */
export async function goSealerArchive(folder: string, name: string): Promise<string> {
  const layout = join(folder, 'layout');
  await mkdir(join(layout, 'blobs', 'sha256'), { recursive: true });
  const rootfs = join(folder, 'rootfs');
  writeFiles(rootfs, ROOTFS, ['bin/kubeadm', 'bin/kubelet', 'bin/kubectl', 'cri/bin/containerd']);
  const layers = [await layerOf(layout, rootfs), await layerOf(layout, await registryTree(folder))];
  const config = put(layout, {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: LABELS },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = put(layout, {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest,
      size,
    })),
    annotations: {
      'sealer.image.extension': JSON.stringify({
        buildClient: { sealerVersion: 'v0.11.0', buildahVersion: '1.27.0' },
        schemaVersion: 'v1alpha1',
        type: 'kube-installer',
        applications: [{ name: 'mysql', type: 'kube', files: ['mysql.yaml'], version: 'v1', cmds: [LAUNCH] }],
        launch: { app_names: ['mysql'] },
      }),
      'sealer.image.container.images': JSON.stringify(GO_IMAGES.map((image) => ({ image }))),
    },
  });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          ...manifest,
          annotations: { 'org.opencontainers.image.ref.name': name },
        },
      ],
    }),
  );
  const archive = join(folder, 'image.tar');
  await runTool('tar', ['-C', layout, '-cf', archive, '.']);
  return archive;
}

/** What the Go sealer's embedded registry writes: the path of an image without its host. */
async function registryTree(folder: string): Promise<string> {
  await using registry = await startDockerRegistry();
  for (const image of GO_IMAGES) {
    const path = image.slice(image.indexOf('/') + 1);
    await pushContainerImage(`${registry.address}/${path}`, { layers: [{ [path.replace(/\W/g, '-')]: image }] });
  }
  const root = join(folder, 'images');
  await mkdir(join(root, 'registry'), { recursive: true });
  await cp(registry.root, join(root, 'registry'), { recursive: true });
  return root;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

async function layerOf(layout: string, root: string): Promise<Blob & { readonly diffId: string }> {
  const plain = `${root}.tar`;
  await runTool('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', plain, '.']);
  const diffId = await sumOf(plain);
  await runTool('gzip', ['-1', plain]);
  const digest = await sumOf(`${plain}.gz`);
  const { size } = await stat(`${plain}.gz`);
  await copyFile(`${plain}.gz`, pathOf(layout, digest));
  await rm(`${plain}.gz`);
  return { digest, size, diffId };
}

function put(layout: string, value: object): Blob {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  writeFileSync(pathOf(layout, digest), bytes);
  return { digest, size: bytes.byteLength };
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}`;
}

function pathOf(layout: string, digest: string): string {
  return join(layout, 'blobs', 'sha256', digest.slice(7));
}
