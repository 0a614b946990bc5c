/** k3s: its channel server (docs.k3s.io, upgrades/manual), and its releases on GitHub where that does not answer. */

import { SealerError } from '../../error.ts';
import type { Architecture, Asset } from '../versions.ts';
import { parseChecksums } from './checksums.ts';
import { perPlatform } from './components.ts';
import { githubReleases } from './github-releases.ts';
import { newestBuild } from './newest-build.ts';
import type { RuntimeUpstream } from './runtime-upstream.ts';
import { changed, readJson, readText, type Upstream } from './upstream.ts';

const CHANNELS = 'https://update.k3s.io/v1-release/channels';
const REPOSITORY = 'k3s-io/k3s';

export const k3s: RuntimeUpstream = {
  components: ['registry'],
  variantComponents: {},

  async latest(upstream, channels) {
    const known = await channelServer(upstream).catch(async (error: unknown) => {
      if (!(error instanceof SealerError) || error.code !== 'DOWNLOAD_FAILED') throw error;
      // It is away now and then (k3s-io/k3s#6052). `stable` is chosen by people: releases don't tell it.
      const tags = (await githubReleases(upstream, REPOSITORY)).map(({ tag }) => tag);
      return (channel: string) => newestBuild(tags, channel, '+k3s');
    });
    return channels.map((channel) => {
      const version = known(channel);
      if (version === undefined) throw changed(CHANNELS, `there is no channel ${channel}`);
      return version;
    });
  },

  async describe(upstream, version, architectures) {
    const tag = version.replace('+', '%2B');
    const base = `https://github.com/${REPOSITORY}/releases/download/${tag}`;
    const list = async (arch: Architecture) => {
      const url = `${base}/sha256sum-${arch}.txt`;
      return { url, sums: parseChecksums(await readText(upstream, url)) };
    };
    const assetFor = async (arch: Architecture, file: string): Promise<Asset> => {
      const { url, sums } = await list(arch);
      const sha256 = sums.get(file);
      if (sha256 === undefined) throw changed(url, `it has no checksum of ${file}`);
      return { url: `${base}/${file}`, sha256 };
    };
    const program = await perPlatform(architectures, 'k3s', (arch) =>
      assetFor(arch, arch === 'amd64' ? 'k3s' : `k3s-${arch}`),
    );
    const images = await perPlatform(architectures, 'images', (arch) =>
      assetFor(arch, `k3s-airgap-images-${arch}.tar.zst`),
    );
    return {
      notes: `https://github.com/${REPOSITORY}/releases/tag/${tag}`,
      assets: Object.fromEntries(
        architectures.map((arch) => [`linux/${arch}`, { ...program[`linux/${arch}`], ...images[`linux/${arch}`] }]),
      ),
      images: {},
    };
  },
};

async function channelServer(upstream: Upstream): Promise<(channel: string) => string | undefined> {
  const { data } = Object(await readJson(upstream, CHANNELS)) as { data?: unknown };
  if (!Array.isArray(data)) throw changed(CHANNELS, 'it has no list of channels');
  const latest = new Map<string, string>();
  for (const each of data) {
    const { id, latest: version } = Object(each) as Record<string, unknown>;
    if (typeof id === 'string' && typeof version === 'string') latest.set(id, version);
  }
  return (channel) => latest.get(channel);
}
