/**
 * What upstream's hosts have of a few versions: made here, in their layout, with stand-ins for programs. What is for arm64 is data
 * alone; kubeadm of amd64 may be a real one.
 */

import { createHash } from 'node:crypto';
import { noise } from '../scratch.ts';
import { dockerArchive, tarGz, zstd } from './archives.ts';

export interface UpstreamOptions {
  /** kubeadm for this machine; default: a script that lists images as kubeadm does. */
  readonly kubeadm?: Uint8Array | undefined;
  /** Default `v1.20.2`. */
  readonly kubernetes?: string;
}

/** Releases of projects on GitHub, newest first, with what is to be passed over. */
const RELEASES: Readonly<Record<string, readonly string[]>> = {
  'distribution/distribution': ['v3.1.0-rc.1', 'v3.0.0', 'v2.8.3'],
  'containerd/containerd': ['v2.3.4', 'v2.3.10', 'v1.7.29'],
  'opencontainers/runc': ['v1.4.3', 'v1.3.9'],
  'containernetworking/plugins': ['v1.9.1'],
  'kubernetes-sigs/cri-tools': ['v1.36.0'],
  'helm/helm': ['v3.19.2'],
  'projectcalico/calico': ['v3.31.7'],
  'cilium/cilium': ['v1.20.1'],
};

/** Container images of the stand-ins, as registries name them. */
export const FLANNEL_IMAGES = [
  'ghcr.io/flannel-io/flannel:v0.28.4',
  'ghcr.io/flannel-io/flannel-cni-plugin:v1.7.1-flannel1',
];
export const OTHER_IMAGES = [
  'docker.io/library/haproxy:3.2.19-alpine',
  'quay.io/calico/node:v3.31.7',
  'quay.io/calico/cni:v3.31.7',
];

/** What kubeadm lists. */
export function kubeadmImages(kubernetes: string): readonly string[] {
  const own = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  return [
    ...own.map((name) => `k8s.gcr.io/${name}:${kubernetes}`),
    'k8s.gcr.io/pause:3.2',
    'k8s.gcr.io/etcd:3.4.13-0',
    'k8s.gcr.io/coredns:1.7.0',
  ];
}

/** All files, by `host/path`. */
export async function upstreamFiles(options: UpstreamOptions = {}): Promise<Map<string, Uint8Array>> {
  const { kubernetes = 'v1.20.2' } = options;
  const files = new Map<string, Uint8Array>();
  const put = (path: string, content: string | Uint8Array): void => void files.set(path, Buffer.from(content));
  putReleases(put, kubernetes);
  await putK3s(put, `${kubernetes}+k3s1`);
  await putK0s(put, `${kubernetes}+k0s.0`);
  putKubernetes(put, kubernetes, options.kubeadm);
  await putComponents(put);
  return files;
}

type Put = (path: string, content: string | Uint8Array) => void;

/** Writes a file and the list of its checksum as `<sha256>  <name>`. */
export function withList(put: Put, path: string, content: string | Uint8Array, list: string): void {
  put(path, content);
  put(list, `${sha256(content)}  ${path.replace(/^.*\//, '')}\n`);
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function putReleases(put: Put, kubernetes: string): void {
  const release = (tag: string) => ({
    tag_name: tag,
    html_url: `https://example.com/${tag}`,
    draft: false,
    prerelease: /rc/.test(tag),
  });
  for (const [repository, tags] of Object.entries(RELEASES)) {
    put(`api.github.com/repos/${repository}/releases`, JSON.stringify(tags.map(release)));
  }
  put('api.github.com/repos/k3s-io/k3s/releases', JSON.stringify([`${kubernetes}+k3s1`].map(release)));
  put('api.github.com/repos/k0sproject/k0s/releases', JSON.stringify([`${kubernetes}+k0s.0`].map(release)));
}

async function putK3s(put: Put, version: string): Promise<void> {
  const channel = (id: string) => ({ id, type: 'channel', name: id, latest: version });
  put(
    'update.k3s.io/v1-release/channels',
    JSON.stringify({ type: 'collection', data: [channel('stable'), channel('v1.20')] }),
  );
  const base = `github.com/k3s-io/k3s/releases/download/${version}`;
  for (const arch of ['amd64', 'arm64']) {
    // Large enough that who reads it has some of it when the connection breaks.
    const program = Buffer.concat([
      Buffer.from(`#!/bin/sh\necho 'k3s version ${version}'\nexit\n`),
      noise(8 << 20, arch),
    ]);
    const images = zstd(await dockerArchive(['docker.io/rancher/mirrored-pause:3.6'], arch));
    const name = arch === 'amd64' ? 'k3s' : `k3s-${arch}`;
    put(`${base}/${name}`, program);
    put(`${base}/k3s-airgap-images-${arch}.tar.zst`, images);
    put(
      `${base}/sha256sum-${arch}.txt`,
      `${sha256(program)}  ${name}\n${sha256(images)}  k3s-airgap-images-${arch}.tar.zst\n`,
    );
  }
}

async function putK0s(put: Put, version: string): Promise<void> {
  put('docs.k0sproject.io/stable.txt', `${version}\n`);
  const base = `github.com/k0sproject/k0s/releases/download/${version}`;
  const sums: string[] = [];
  for (const arch of ['amd64', 'arm64']) {
    const files = {
      [`k0s-${version}-${arch}`]: `#!/bin/sh\necho ${version} # ${arch}\n`,
      [`k0s-airgap-bundle-${version}-${arch}`]: await dockerArchive(['quay.io/k0sproject/pause:3.10'], arch),
    };
    for (const [name, content] of Object.entries(files)) {
      put(`${base}/${name}`, content);
      sums.push(`${sha256(content)} *${name}`);
    }
  }
  put(`${base}/sha256sums.txt`, `${sums.join('\n')}\n`);
}

function putKubernetes(put: Put, version: string, kubeadm: Uint8Array | undefined): void {
  put('dl.k8s.io/release/stable.txt', version);
  put(`dl.k8s.io/release/stable-${version.slice(1).replace(/\.\d+$/, '')}.txt`, version);
  const list = kubeadmImages(version).map((name) => `echo ${name}`);
  for (const arch of ['amd64', 'arm64']) {
    for (const program of ['kubeadm', 'kubelet', 'kubectl']) {
      const standIn =
        program === 'kubeadm'
          ? `#!/bin/sh\n# ${arch}\n${list.join('\n')}\n`
          : `#!/bin/sh\n# ${program} ${version} ${arch}\n`;
      const isReal =
        program === 'kubeadm' && kubeadm !== undefined && arch === (process.arch === 'arm64' ? 'arm64' : 'amd64');
      const content = isReal ? kubeadm : standIn;
      const path = `dl.k8s.io/release/${version}/bin/linux/${arch}/${program}`;
      put(path, content);
      // Only the checksum, as it is there.
      put(`${path}.sha256`, sha256(content));
    }
  }
}

async function putComponents(put: Put): Promise<void> {
  const github = (repository: string, tag: string) => `github.com/${repository}/releases/download/${tag}`;
  const runc: string[] = [];
  for (const arch of ['amd64', 'arm64']) {
    const text = (program: string) => `#!/bin/sh\n# ${program} for ${arch}\n`;
    const texts = (...programs: string[]) => Object.fromEntries(programs.map((each) => [each, text(each)]));
    const archive = async (path: string, members: Readonly<Record<string, string>>, suffix: string): Promise<void> => {
      withList(put, path, await tarGz(members), `${path}${suffix}`);
    };
    const containerd = texts('bin/containerd', 'bin/containerd-shim-runc-v2', 'bin/ctr');
    await archive(
      `${github('containerd/containerd', 'v2.3.10')}/containerd-static-2.3.10-linux-${arch}.tar.gz`,
      containerd,
      '.sha256sum',
    );
    await archive(
      `${github('containernetworking/plugins', 'v1.9.1')}/cni-plugins-linux-${arch}-v1.9.1.tgz`,
      texts('./bridge', './portmap', './LICENSE', './README.md'),
      '.sha256',
    );
    await archive(
      `${github('kubernetes-sigs/cri-tools', 'v1.36.0')}/crictl-v1.36.0-linux-${arch}.tar.gz`,
      texts('crictl'),
      '.sha256',
    );
    await archive(
      `${github('distribution/distribution', 'v3.0.0')}/registry_3.0.0_linux_${arch}.tar.gz`,
      texts('LICENSE', 'README.md', 'registry'),
      '.sha256',
    );
    await archive(`get.helm.sh/helm-v3.19.2-linux-${arch}.tar.gz`, texts(`linux-${arch}/helm`), '.sha256sum');
    put(`${github('opencontainers/runc', 'v1.4.3')}/runc.${arch}`, text('runc'));
    runc.push(`${sha256(text('runc'))}  runc.${arch}`);
  }
  put(`${github('opencontainers/runc', 'v1.4.3')}/runc.sha256sum`, `${runc.join('\n')}\n`);
  put('raw.githubusercontent.com/projectcalico/calico/v3.31.7/manifests/calico.yaml', CALICO);
  put('helm.cilium.io/cilium-1.20.1.tgz', await tarGz(CILIUM));
}

const CALICO = `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: calico-node, namespace: kube-system }
spec:
  selector: { matchLabels: { k8s-app: calico-node } }
  template:
    metadata: { labels: { k8s-app: calico-node } }
    spec:
      initContainers: [{ name: install-cni, image: 'quay.io/calico/cni:v3.31.7' }]
      containers: [{ name: calico-node, image: 'quay.io/calico/node:v3.31.7' }]
`;

const CILIUM = {
  'cilium/Chart.yaml': 'apiVersion: v2\nname: cilium\nversion: 1.20.1\n',
  'cilium/values.yaml': 'ipam: { mode: cluster-pool }\n',
  'cilium/templates/config.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cilium-config }\ndata: { ipam: {{ .Values.ipam.mode }} }\n',
};
