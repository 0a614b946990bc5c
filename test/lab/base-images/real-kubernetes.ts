/** The lab's real programs and container images, put into the places where upstream has such things: for amd64, of Kubernetes 1.20. */

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../cli.ts';
import { temporaryFolder } from '../scratch.ts';
import { runTool } from '../tools.ts';
import { tarGz } from './archives.ts';
import type { LabRegistry } from './registry.ts';
import { sha256, upstreamFiles } from './upstream.ts';

export interface RealKubernetes {
  /** For a mirror. */
  readonly files: Map<string, Uint8Array>;
  /** As `images/lab/prepare` gathers it: context/, archives/, shop/, shop-archives/. */
  readonly folder: string;
}

/** Gathers it all; half a minute, and ten more on a machine that has not built Kubernetes yet. */
export async function realKubernetes(version: string): Promise<RealKubernetes> {
  const prepare = join(PROJECT, 'images', 'lab', 'prepare');
  const { stdout } = await promisify(execFile)(prepare, [version], { maxBuffer: 64 << 20 });
  const folder = stdout.trim();
  const context = join(folder, 'context');
  const read = (path: string) => readFileSync(join(context, path));
  const below = (path: string, as: string) =>
    Object.fromEntries(readdirSync(join(context, path)).map((name) => [`${as}${name}`, read(`${path}/${name}`)]));
  const files = await upstreamFiles({ kubernetes: version });
  const put = (path: string, content: Uint8Array, list: string) => {
    files.set(path, content);
    files.set(list, Buffer.from(`${sha256(content)}  ${path.replace(/^.*\//, '')}\n`));
  };
  for (const program of ['kubeadm', 'kubelet', 'kubectl']) {
    const path = `dl.k8s.io/release/${version}/bin/linux/amd64/${program}`;
    put(path, read(`bin/${program}`), `${path}.sha256`);
  }
  const releases = 'github.com';
  const containerd = `${releases}/containerd/containerd/releases/download/v2.3.10/containerd-static-2.3.10-linux-amd64.tar.gz`;
  const { 'bin/runc': runc = Buffer.alloc(0), ...programs } = below('cri/bin', 'bin/');
  put(containerd, await tarGz({ ...programs, ...below('cri/lib', 'lib/') }), `${containerd}.sha256sum`);
  const runcFolder = `${releases}/opencontainers/runc/releases/download/v1.4.3`;
  put(`${runcFolder}/runc.amd64`, runc, `${runcFolder}/runc.sha256sum`);
  const plugins = `${releases}/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz`;
  put(plugins, await tarGz(below('cni/bin', './')), `${plugins}.sha256`);
  const crictl = `${releases}/kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-linux-amd64.tar.gz`;
  put(crictl, await tarGz({ crictl: read('bin/crictl') }), `${crictl}.sha256`);
  const registry = `${releases}/distribution/distribution/releases/download/v3.0.0/registry_3.0.0_linux_amd64.tar.gz`;
  put(registry, await tarGz({ registry: read('bin/registry') }), `${registry}.sha256`);
  return { files, folder };
}

/** Pushes the lab's container images to where a mirror of registries has them. @param version of Kubernetes */
export async function pushRealImages(
  { folder }: RealKubernetes,
  registry: LabRegistry,
  version: string,
): Promise<void> {
  const archives = Object.fromEntries(
    ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map((name) => [
      `archives/${name}.tar`,
      `k8s.gcr.io/${name}:${version}`,
    ]),
  );
  const all = {
    ...archives,
    'archives/etcd.tar': 'k8s.gcr.io/etcd:3.4.13-0',
    'archives/coredns.tar': 'k8s.gcr.io/coredns:1.7.0',
    'context/images/pause.tar': 'k8s.gcr.io/pause:3.2',
    'context/images/haproxy.tar': 'docker.io/library/haproxy:3.2.19-alpine',
  };
  await using scratch = await temporaryFolder('real-images');
  for (const [archive, name] of Object.entries(all)) {
    const { repository, tag } = registry.place(name);
    // GNU tar has put `./` before all names, which crane does not look behind.
    const unpacked = join(scratch.path, name.replace(/\W/g, '-'));
    mkdirSync(unpacked);
    await runTool('tar', ['-C', unpacked, '-xf', join(folder, archive)]);
    await runTool('tar', ['-C', unpacked, '-cf', `${unpacked}.tar`, ...readdirSync(unpacked)]);
    await runTool('crane', ['push', '--insecure', `${unpacked}.tar`, `${registry.address}/${repository}:${tag}`]);
    rmSync(unpacked, { recursive: true });
  }
}
