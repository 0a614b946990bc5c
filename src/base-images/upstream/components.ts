/** What base images have of other projects: where each publishes its files and their checksums. */

import { formatReference, parseReference } from '../../oci/reference.ts';
import { ARCHITECTURES, type Architecture, type Asset, type AssetPlatform, type Content } from '../versions.ts';
import { listedAsset } from './checksums.ts';
import { newestOf, newestRelease } from './github-releases.ts';
import { changed, hashOf, type Upstream } from './upstream.ts';

/** A component of a certain version. */
export interface FoundComponent extends Content {
  /** As the project writes it. */
  readonly version: string;
}

type Finder = (upstream: Upstream, wanted: string, architectures: readonly Architecture[]) => Promise<FoundComponent>;

/** By the name that `components` of a versions.yaml has them under. */
export const COMPONENTS: Readonly<Record<string, Finder>> = {
  registry: released('registry', 'distribution/distribution', (version, arch) => {
    const file = `registry_${version}_linux_${arch}.tar.gz`;
    return { file, list: `${file}.sha256` };
  }),
  // Linked statically: it runs beside any C library.
  containerd: released('containerd', 'containerd/containerd', (version, arch) => {
    const file = `containerd-static-${version}-linux-${arch}.tar.gz`;
    return { file, list: `${file}.sha256sum` };
  }),
  runc: released('runc', 'opencontainers/runc', (_, arch) => ({ file: `runc.${arch}`, list: 'runc.sha256sum' })),
  'cni-plugins': released('cni-plugins', 'containernetworking/plugins', (version, arch) => {
    const file = `cni-plugins-linux-${arch}-v${version}.tgz`;
    return { file, list: `${file}.sha256` };
  }),
  crictl: released('crictl', 'kubernetes-sigs/cri-tools', (version, arch) => {
    const file = `crictl-v${version}-linux-${arch}.tar.gz`;
    return { file, list: `${file}.sha256` };
  }),
  helm: async (upstream, wanted, architectures) => {
    const { tag } = await newestRelease(upstream, 'helm/helm', wanted);
    const urlFor = (arch: Architecture) => `https://get.helm.sh/helm-${tag}-linux-${arch}.tar.gz`;
    const assets = await perPlatform(architectures, 'helm', (arch) =>
      listedAsset(upstream, urlFor(arch), `${urlFor(arch)}.sha256sum`),
    );
    return { version: tag, assets, images: {} };
  },
  haproxy: tagged('haproxy', 'docker.io/library/haproxy', /^(\d+\.\d+\.\d+)-alpine$/),
  flannel: tagged('flannel', 'ghcr.io/flannel-io/flannel', /^v(\d+\.\d+\.\d+)$/),
  'flannel-cni-plugin': tagged(
    'flannel-cni-plugin',
    'ghcr.io/flannel-io/flannel-cni-plugin',
    /^v(\d+\.\d+\.\d+)-flannel\d+$/,
  ),
  calico: async (upstream, wanted) => {
    const { tag } = await newestRelease(upstream, 'projectcalico/calico', wanted);
    // Of these two upstream publishes no checksums: what is there now is written down, and stays so.
    const url = `https://raw.githubusercontent.com/projectcalico/calico/${tag}/manifests/calico.yaml`;
    const calico: Asset = { url, sha256: await hashOf(upstream, url) };
    const images = await Promise.all(
      ['node', 'cni', 'kube-controllers'].map(
        async (name) => [`calico-${name}`, await pinned(upstream, `quay.io/calico/${name}:${tag}`)] as const,
      ),
    );
    return { version: tag, assets: { any: { calico } }, images: Object.fromEntries(images) };
  },
  cilium: async (upstream, wanted) => {
    const { tag } = await newestRelease(upstream, 'cilium/cilium', wanted);
    const url = `https://helm.cilium.io/cilium-${tag.replace(/^v/, '')}.tgz`;
    return { version: tag, assets: { any: { cilium: { url, sha256: await hashOf(upstream, url) } } }, images: {} };
  },
};

/**
 * The reference with the digest that its registry has for it now.
 * @throws SealerError of the registry client
 */
export async function pinned(upstream: Upstream, name: string): Promise<string> {
  const reference = parseReference(name);
  const { digest } = await upstream.registry.resolve(reference, upstream.signal);
  return formatReference({ ...reference, digest });
}

/** The same asset for each platform. */
export async function perPlatform(
  architectures: readonly Architecture[],
  name: string,
  find: (arch: Architecture) => Promise<Asset>,
): Promise<Content['assets']> {
  const assets: Partial<Record<AssetPlatform, Readonly<Record<string, Asset>>>> = {};
  for (const arch of ARCHITECTURES) {
    if (architectures.includes(arch)) assets[`linux/${arch}`] = { [name]: await find(arch) };
  }
  return assets;
}

/** A project that puts files and their checksums into its releases on GitHub. */
function released(
  name: string,
  repository: string,
  files: (version: string, arch: Architecture) => { readonly file: string; readonly list: string },
): Finder {
  return async (upstream, wanted, architectures) => {
    const { tag } = await newestRelease(upstream, repository, wanted);
    const base = `https://github.com/${repository}/releases/download/${tag}`;
    const assets = await perPlatform(architectures, name, (arch) => {
      const { file, list } = files(tag.replace(/^v/, ''), arch);
      return listedAsset(upstream, `${base}/${file}`, `${base}/${list}`);
    });
    return { version: tag, assets, images: {} };
  };
}

/** A container image whose tags say its versions. */
function tagged(name: string, repository: string, pattern: RegExp): Finder {
  return async (upstream, wanted) => {
    const tags = new Map<string, string>();
    for await (const tag of upstream.registry.tags(parseReference(repository), upstream.signal)) {
      const version = pattern.exec(tag)?.[1];
      if (version !== undefined) tags.set(version, tag);
    }
    const tag = tags.get(newestOf([...tags.keys()], wanted) ?? '');
    if (tag === undefined) throw changed(repository, `no tag is ${wanted} or begins so`);
    return { version: tag, assets: {}, images: { [name]: await pinned(upstream, `${repository}:${tag}`) } };
  };
}
