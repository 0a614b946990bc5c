/** What an update changed, for the text of a pull request. */

import { type Content, minorVersion, plainVersion, type VersionEntry } from './versions.ts';

export interface VersionChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly version: string;
  /** What it takes the place of: the newest of the same minor version. */
  readonly instead: string | undefined;
  readonly notes: string | undefined;
  /** `containerd v2.1.4 → v2.1.5`, `asset k3s of linux/arm64`. */
  readonly details: readonly string[];
}

/** Compares the versions of a file before and after. */
export function compareEntries(
  before: readonly VersionEntry[],
  after: readonly VersionEntry[],
): readonly VersionChange[] {
  const known = new Map(before.map((entry) => [plainVersion(entry.version), entry]));
  const stays = new Set(after.map(({ version }) => plainVersion(version)));
  const gone = before.filter(({ version }) => !stays.has(plainVersion(version)));
  const changes = after.flatMap((entry): VersionChange[] => {
    const { version, notes } = entry;
    const old = known.get(plainVersion(version));
    if (old === undefined) {
      const instead = gone.find((each) => minorVersion(each.version) === minorVersion(version))?.version;
      return [{ kind: 'added', version, instead, notes, details: [] }];
    }
    const details = [...(old.version === version ? [] : [`${old.version} → ${version}`]), ...differences(old, entry)];
    return details.length === 0 ? [] : [{ kind: 'changed', version, instead: undefined, notes, details }];
  });
  const removed = gone.map(({ version, notes }): VersionChange => {
    return { kind: 'removed', version, instead: undefined, notes, details: [] };
  });
  return [...changes, ...removed];
}

/**
 * The changes as Markdown, for people who are to say yes to them.
 * @param byFile changes by the name of what they are of: `k3s`
 */
export function describeChanges(byFile: ReadonlyMap<string, readonly VersionChange[]>): string {
  const sections = [...byFile].filter(([, changes]) => changes.length > 0);
  return sections.map(([name, changes]) => `## ${name}\n\n${changes.map(lineOf).join('\n')}\n`).join('\n');
}

function lineOf({ kind, version, instead, notes, details }: VersionChange): string {
  const link = notes === undefined ? `\`${version}\`` : `[\`${version}\`](${notes})`;
  if (kind === 'removed') return `- ${link} is no longer built; what is published stays`;
  if (kind === 'added') return `- ${link} is new${instead === undefined ? '' : `, instead of \`${instead}\``}`;
  return `- ${link}: ${details.join('; ')}`;
}

function differences(before: VersionEntry, after: VersionEntry): readonly string[] {
  const components = differ(before.components, after.components).map(
    (name) => `${name} ${before.components[name] ?? 'none'} → ${after.components[name] ?? 'none'}`,
  );
  // A component's new files say no more than its new version.
  const explained = new Set(differ(before.components, after.components));
  const contents = [...differingParts(before, after)];
  for (const variant of new Set([...Object.keys(before.variants), ...Object.keys(after.variants)])) {
    const [old = NOTHING, now = NOTHING] = [before.variants[variant], after.variants[variant]];
    contents.push(...differingParts(old, now).map((part) => ({ ...part, text: `${part.text} (${variant})` })));
  }
  const rest = contents.filter(
    ({ name }) => ![...explained].some((each) => name === each || name.startsWith(`${each}-`)),
  );
  return [...components, ...rest.map(({ text }) => text)];
}

const NOTHING: Content = { assets: {}, images: {} };

function differingParts(before: Content, after: Content): readonly { readonly name: string; readonly text: string }[] {
  const platforms = ['any', 'linux/amd64', 'linux/arm64'] as const;
  const assets = platforms.flatMap((platform) =>
    differ(before.assets[platform] ?? {}, after.assets[platform] ?? {}).map((name) => {
      return { name, text: `asset ${name} of ${platform === 'any' ? 'all platforms' : platform}` };
    }),
  );
  return [...assets, ...differ(before.images, after.images).map((name) => ({ name, text: `image ${name}` }))];
}

/** Names under which two records have different things. */
function differ(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}
