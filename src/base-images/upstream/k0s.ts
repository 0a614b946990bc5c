/** k0s: its releases on GitHub (k0sproject/k0s, .github/workflows/release.yml). */

import { type Architecture, type Asset, plainVersion } from '../versions.ts';
import { parseChecksums } from './checksums.ts';
import { perPlatform } from './components.ts';
import { githubReleases } from './github-releases.ts';
import { kubernetesProgram } from './kubernetes-program.ts';
import { newestBuild } from './newest-build.ts';
import type { RuntimeUpstream } from './runtime-upstream.ts';
import { changed, readText } from './upstream.ts';

const STABLE = 'https://docs.k0sproject.io/stable.txt';
const REPOSITORY = 'k0sproject/k0s';

export const k0s: RuntimeUpstream = {
  components: ['registry'],
  variantComponents: {},

  async latest(upstream, channels) {
    const tags = (await githubReleases(upstream, REPOSITORY)).map(({ tag }) => tag);
    const stable = channels.includes('stable') ? (await readText(upstream, STABLE)).trim() : undefined;
    return channels.map((channel) => {
      const version = channel === 'stable' ? stable : newestBuild(tags, channel, '+k0s');
      if (version === undefined) throw changed(`github.com/${REPOSITORY}`, `there is no release of ${channel}`);
      return version;
    });
  },

  async describe(upstream, version, architectures) {
    const tag = version.replace('+', '%2B');
    const base = `https://github.com/${REPOSITORY}/releases/download/${tag}`;
    const list = `${base}/sha256sums.txt`;
    const sums = parseChecksums(await readText(upstream, list));
    const assetOf = (...names: readonly string[]): Asset => {
      const name = names.find((each) => sums.has(each));
      const sha256 = sums.get(name ?? '');
      if (name === undefined || sha256 === undefined)
        throw changed(list, `it has no checksum of ${names.join(' or ')}`);
      return { url: `${base}/${name.replace('+', '%2B')}`, sha256 };
    };
    const program = await perPlatform(architectures, 'k0s', async (arch) => assetOf(`k0s-${version}-${arch}`));
    const images = await perPlatform(architectures, 'images', async (arch) =>
      // Renamed in 1.36.1 (k0s cf54367cbb).
      assetOf(`k0s-airgap-bundle-${version}-linux-${arch}.tar`, `k0s-airgap-bundle-${version}-${arch}`),
    );
    const kubectl = await perPlatform(architectures, 'kubectl', (arch: Architecture) =>
      kubernetesProgram(upstream, plainVersion(version), 'kubectl', arch),
    );
    return {
      notes: `https://github.com/${REPOSITORY}/releases/tag/${tag}`,
      assets: Object.fromEntries(
        architectures.map((arch) => {
          const platform = `linux/${arch}` as const;
          return [platform, { ...program[platform], ...images[platform], ...kubectl[platform] }];
        }),
      ),
      images: {},
    };
  },
};
