/** Rules for code that comes from elsewhere: by commit or digest, never by a name that can be moved. */

import { load } from 'js-yaml';
import type { Rule } from './index.ts';

export const pinRules = {
  /** The comment says which release the commit is, to people and to update bots. */
  'actions by their commit': ({ text, uses }) => {
    const lines = text.split('\n');
    return (
      uses
        // `$/` is the repository of the workflow itself, at the workflow's own commit.
        .filter((each) => !/^(?:\.\/|\$\/|docker:)/.test(each))
        .filter((each) => !isCommit(each) || !lines.some((line) => isVersioned(line, each)))
        .map((each) => `${each}: not pinned by a commit with its version beside it`)
    );
  },
  'images by their digest': ({ text, uses }) => {
    const images = [...uses.filter((each) => each.startsWith('docker://')), ...containersIn(load(text))];
    return images
      .filter((each) => !/@sha256:[a-f0-9]{64}$/.test(each))
      .map((each) => `${each}: an image without its digest`);
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Every action of others with its commit and version, as the lines of a file say. */
export function pinsOf(
  text: string,
): readonly { readonly name: string; readonly commit: string; readonly version: string }[] {
  return [...text.matchAll(/uses: ([\w.-]+\/[\w.-]+)(?:\/[\w./-]+)?@([a-f0-9]{40}) # (v\d+\.\d+\.\d+)/g)].map(
    ([, name = '', commit = '', version = '']) => ({ name, commit, version }),
  );
}

function isCommit(uses: string): boolean {
  return /^[\w.-]+\/[\w./-]+@[a-f0-9]{40}$/.test(uses);
}

function isVersioned(line: string, uses: string): boolean {
  const [, comment = ''] = line.split(`uses: ${uses} # `);
  return /^v\d+\.\d+\.\d+$/.test(comment);
}

/** `container:` and `services:` of jobs, as a name or as `image:`. */
function containersIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'container' || key === 'services') return imagesIn(inner);
    return key === 'env' || key === 'with' ? [] : containersIn(inner);
  });
}

function imagesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if ('image' in value) return [String(value.image)];
  return Object.values(value).flatMap(imagesIn);
}
