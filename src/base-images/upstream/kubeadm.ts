/** Kubernetes by kubeadm: its release channels, its programs, and the container images that kubeadm itself lists. */

import { digestOf, hexOf } from '../../oci/digest.ts';
import { hostPlatform } from '../../oci/platform.ts';
import { isReference, parseReference } from '../../oci/reference.ts';
import { ARCHITECTURES, type Architecture, KUBE_VERSION } from '../versions.ts';
import { perPlatform, pinned } from './components.ts';
import { KUBERNETES_RELEASES, kubernetesProgram } from './kubernetes-program.ts';
import type { RuntimeUpstream } from './runtime-upstream.ts';
import { changed, readBytes, readText, type Upstream } from './upstream.ts';

const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl'] as const;
/** kubeadm has some seventy. */
const MAX_PROGRAM_BYTES = 256 * 1024 * 1024;

export const kubeadm: RuntimeUpstream = {
  components: ['containerd', 'runc', 'cni-plugins', 'crictl', 'registry', 'haproxy'],
  variantComponents: {
    flannel: ['flannel', 'flannel-cni-plugin'],
    calico: ['calico'],
    cilium: ['cilium', 'helm'],
  },

  async latest(upstream, channels) {
    return await Promise.all(
      channels.map(async (channel) => {
        const name = channel.startsWith('v') ? `stable-${channel.slice(1)}` : channel;
        const url = `${KUBERNETES_RELEASES}/${name}.txt`;
        const version = (await readText(upstream, url)).trim();
        if (!KUBE_VERSION.test(version)) throw changed(url, `"${version.slice(0, 80)}" is no version`);
        return version;
      }),
    );
  },

  async describe(upstream, version, architectures) {
    const assets: Record<string, Record<string, { url: string; sha256: string }>> = {};
    for (const program of PROGRAMS) {
      const found = await perPlatform(architectures, program, (arch) =>
        kubernetesProgram(upstream, version, program, arch),
      );
      for (const [platform, named] of Object.entries(found)) assets[platform] = { ...assets[platform], ...named };
    }
    const minor = version.replace(/\.\d+$/, '').slice(1);
    return {
      notes: `https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-${minor}.md`,
      assets,
      images: await imagesOf(upstream, version),
    };
  },
};

/** Asks kubeadm itself, that of this machine's kind: the list is the same for all. */
async function imagesOf(upstream: Upstream, version: string): Promise<Readonly<Record<string, string>>> {
  const { architecture } = hostPlatform();
  const arch: Architecture = ARCHITECTURES.find((each) => each === architecture) ?? 'amd64';
  const { url, sha256 } = await kubernetesProgram(upstream, version, 'kubeadm', arch);
  const program = await readBytes(upstream, url, MAX_PROGRAM_BYTES);
  // It is run, so it has to be what upstream says.
  if (hexOf(digestOf(program)) !== sha256) throw changed(url, 'it is not what its checksum says');
  const output = await upstream.run(program, ['config', 'images', 'list', '--kubernetes-version', version]);
  const names = output.split('\n').filter((line) => line !== '' && isReference(line));
  if (!names.some((name) => name.includes('kube-apiserver'))) {
    throw changed(url, `it lists no images: ${output.slice(0, 200)}`);
  }
  const images = await Promise.all(
    names.map(async (name) => {
      const { repository } = parseReference(name);
      return [repository.replace(/^.*\//, ''), await pinned(upstream, name)] as const;
    }),
  );
  return Object.fromEntries(images);
}
