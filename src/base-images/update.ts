/** `sealer images versions --update`: what upstream calls current becomes data. */

import { SealerError } from '../error.ts';
import { COMPONENTS, type FoundComponent } from './upstream/components.ts';
import { k0s } from './upstream/k0s.ts';
import { k3s } from './upstream/k3s.ts';
import { kubeadm } from './upstream/kubeadm.ts';
import type { RuntimeUpstream } from './upstream/runtime-upstream.ts';
import { changed, type Upstream } from './upstream/upstream.ts';
import {
  ASSET_PLATFORMS,
  type Asset,
  type AssetPlatform,
  type BaseRuntime,
  type Content,
  compareVersions,
  KUBE_VERSION,
  minorVersion,
  plainVersion,
  type VersionEntry,
  type VersionsFile,
} from './versions.ts';

const RUNTIMES: Readonly<Record<BaseRuntime, RuntimeUpstream>> = { k3s, k0s, kubeadm };

/**
 * The versions that a file should have: of every channel the newest, and of each of their minor versions as many older ones
 * as the file keeps.
 * @throws SealerError DOWNLOAD_FAILED, UPSTREAM_CHANGED, VERSIONS_INVALID, and what the registry client throws; then nothing is
 *   known of anything
 */
export async function latestVersions(file: VersionsFile, upstream: Upstream): Promise<readonly VersionEntry[]> {
  const runtime = RUNTIMES[file.runtime];
  if (file.channels.length === 0) {
    throw new SealerError('VERSIONS_INVALID', `${file.file} follows no channel`, {
      at: { file: file.file },
      hint: 'Write channels: [stable, v1.33].',
    });
  }
  const newest = oneOfEachRelease(checked(await runtime.latest(upstream, file.channels), file));
  const minors = new Set(newest.map(minorVersion));
  const taken = new Set(newest.map(plainVersion));
  const older = file.versions.filter(
    ({ version }) => minors.has(minorVersion(version)) && !taken.has(plainVersion(version)),
  );
  const components = rememberComponents(file, upstream);
  const current: VersionEntry[] = [];
  for (const version of newest) current.push(await describe(file, runtime, upstream, version, components));
  return kept([...current, ...older], file.keep);
}

/**
 * Versions become addresses, tags and the text of a pull request: what upstream says has to be one, of the channel that was asked for.
 * @throws SealerError UPSTREAM_CHANGED
 */
function checked(versions: readonly string[], { runtime, channels }: VersionsFile): readonly string[] {
  for (const [i, version] of versions.entries()) {
    const channel = channels[i] ?? '';
    const isOfChannel = !channel.startsWith('v') || minorVersion(version) === channel;
    if (KUBE_VERSION.test(version) && isOfChannel) continue;
    throw changed(`${runtime}'s channel ${channel}`, `${JSON.stringify(version.slice(0, 80))} is no version of it`);
  }
  return versions;
}

/** Channels may be at different builds of one release, which would have one tag: the newest is it. */
function oneOfEachRelease(versions: readonly string[]): readonly string[] {
  return [...Map.groupBy(versions, plainVersion).values()].map(
    ([first = '', ...more]) => [first, ...more].toSorted(compareVersions).at(-1) ?? first,
  );
}

/** Newest first, and of each minor version so many. */
function kept(entries: readonly VersionEntry[], keep: number): readonly VersionEntry[] {
  const counts = new Map<string, number>();
  return entries
    .toSorted((a, b) => compareVersions(b.version, a.version))
    .filter(({ version }) => {
      const minor = minorVersion(version);
      const count = (counts.get(minor) ?? 0) + 1;
      counts.set(minor, count);
      return count <= keep;
    });
}

type Components = (name: string) => Promise<FoundComponent>;

/** Each is looked up once, for all versions of the file. */
function rememberComponents(file: VersionsFile, upstream: Upstream): Components {
  const known = new Map<string, Promise<FoundComponent>>();
  return (name) => {
    const find = COMPONENTS[name];
    const wanted = file.components[name];
    if (find === undefined || wanted === undefined) {
      throw new SealerError('VERSIONS_INVALID', `${file.file} does not say which ${name} it wants`, {
        at: { file: file.file },
        hint: `Write the beginning of its version below components: ${name}: '1.4'.`,
      });
    }
    const found = known.get(name) ?? find(upstream, wanted, file.architectures);
    known.set(name, found);
    return found;
  };
}

async function describe(
  file: VersionsFile,
  runtime: RuntimeUpstream,
  upstream: Upstream,
  version: string,
  components: Components,
): Promise<VersionEntry> {
  const { notes, ...own } = await runtime.describe(upstream, version, file.architectures);
  const shared = await named(runtime.components, components);
  const variants: Record<string, Content> = {};
  const versions: Record<string, string> = { ...shared.versions };
  for (const variant of file.variants) {
    const { content, versions: more } = await named(runtime.variantComponents[variant] ?? [], components);
    variants[variant] = content;
    Object.assign(versions, more);
  }
  const at = { file: file.file };
  return { version, notes, components: versions, ...joined([own, shared.content]), variants, at };
}

async function named(
  names: readonly string[],
  components: Components,
): Promise<{ readonly content: Content; readonly versions: Readonly<Record<string, string>> }> {
  const found: (readonly [string, FoundComponent])[] = [];
  for (const name of names) found.push([name, await components(name)]);
  return {
    content: joined(found.map(([, component]) => component)),
    versions: Object.fromEntries(found.map(([name, { version }]) => [name, version])),
  };
}

function joined(contents: readonly Content[]): Content {
  const assets: Partial<Record<AssetPlatform, Readonly<Record<string, Asset>>>> = {};
  for (const platform of ASSET_PLATFORMS) {
    const all = Object.assign({}, ...contents.map((each) => each.assets[platform]));
    if (Object.keys(all).length > 0) assets[platform] = all;
  }
  return { assets, images: Object.assign({}, ...contents.map(({ images }) => images)) };
}
