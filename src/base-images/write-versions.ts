/** `versions.yaml` written anew: what stands above the versions stays as it is, and so do the comments above each version. */

import { yamlScalar } from '../yaml/index.ts';
import { ASSET_PLATFORMS, type Asset, type Content, type VersionEntry } from './versions.ts';

/** The key that everything of ours stands below; the last of the file. */
const KEY = /^versions:.*$/m;

/**
 * The text of a file with other versions in it.
 * @param text as it is now; it was parsed, so the key is there
 * @param versions newest first, as they are to stand
 */
export function writeVersions(text: string, versions: readonly VersionEntry[]): string {
  const found = KEY.exec(text);
  const head = found === null ? `${text.trimEnd()}\n` : text.slice(0, found.index);
  const comments = found === null ? new Map<string, string>() : commentsOf(text.slice(found.index));
  if (versions.length === 0) return `${head}versions: []\n`;
  const lines = versions.flatMap((entry) => [...(comments.get(entry.version) ?? '').split('\n'), ...linesOf(entry)]);
  return `${head}versions:\n${lines.filter((line) => line !== '').join('\n')}\n`;
}

/** Comment lines right above `- version: X`, by X. */
function commentsOf(text: string): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (const [, above = '', version = ''] of text.matchAll(/((?:^ *#.*\n)+) *- version: *["']?([^\s"'#]+)/gm)) {
    comments.set(version, above.trimEnd());
  }
  return comments;
}

function linesOf(entry: VersionEntry): readonly string[] {
  const { version, notes, components, variants } = entry;
  return [
    `  - version: ${yamlScalar(version)}`,
    ...(notes === undefined ? [] : [`    notes: ${yamlScalar(notes)}`]),
    ...textsOf('components', components, 4),
    ...contentOf(entry, 4),
    ...(Object.keys(variants).length === 0 ? [] : ['    variants:']),
    ...Object.entries(variants).flatMap(([name, content]) => [`      ${name}:`, ...contentOf(content, 8)]),
  ];
}

function contentOf({ assets, images }: Content, indent: number): readonly string[] {
  const by = ' '.repeat(indent);
  const platforms = ASSET_PLATFORMS.flatMap((platform) => {
    const named = Object.entries(assets[platform] ?? {});
    return named.length === 0 ? [] : [`${by}  ${platform}:`, ...named.flatMap((each) => assetOf(each, `${by}    `))];
  });
  return [...(platforms.length === 0 ? [] : [`${by}assets:`, ...platforms]), ...textsOf('images', images, indent)];
}

function assetOf([name, { url, sha256 }]: readonly [string, Asset], by: string): readonly string[] {
  return [`${by}${name}:`, `${by}  url: ${yamlScalar(url)}`, `${by}  sha256: ${yamlScalar(sha256)}`];
}

function textsOf(key: string, texts: Readonly<Record<string, string>>, indent: number): readonly string[] {
  const by = ' '.repeat(indent);
  const entries = Object.entries(texts);
  if (entries.length === 0) return [];
  return [`${by}${key}:`, ...entries.map(([name, text]) => `${by}  ${name}: ${yamlScalar(text)}`)];
}
