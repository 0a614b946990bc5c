/** What a preview is called everywhere. The same pull request always has the same names, whatever run asks. Pure. */

import { createHash } from 'node:crypto';
import { SealerError } from '../../error.ts';

export interface PreviewNames {
  /** `owner/name#7`, or `owner/name#7/key`. */
  readonly id: string;
  /** Of the cluster. DNS-1123, 40 characters at most: names of hosts are made of it, and those may have 63. */
  readonly cluster: string;
  /** Of the deployment. */
  readonly task: string;
  /** What tells our comment from others; Markdown does not show it. */
  readonly marker: string;
}

export interface PreviewKey {
  /** `owner/name`. */
  readonly repository: string;
  readonly pull: number;
  /** Tells several previews of one pull request apart; most have none. */
  readonly key: string;
}

/** All previews of a repository share one environment: nobody could remove one for each. */
export const ENVIRONMENT = 'preview';

const MAX_CLUSTER = 40;
const HASH_DIGITS = 8;
const TASK = /^preview-pr-(\d+)(?:-.+)?$/;

/**
 * Names a preview.
 * @throws SealerError USAGE if the key is no DNS-1123 label
 */
export function namePreview({ repository, pull, key }: PreviewKey): PreviewNames {
  if (key !== '' && !/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(key)) {
    throw new SealerError('USAGE', `The input name is "${key}", which no preview can be called`, {
      hint: 'Use up to 40 small letters, digits and dashes.',
    });
  }
  const id = `${repository}#${pull}${key === '' ? '' : `/${key}`}`;
  // GitHub's names differ in case alone by no repository.
  const hash = createHash('sha256').update(id.toLowerCase()).digest('hex').slice(0, HASH_DIGITS);
  const words = [repository.split('/')[1] ?? '', key].join('-');
  const slug = words.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const head = `pr-${pull}-${slug}`.slice(0, MAX_CLUSTER - HASH_DIGITS - 1).replace(/-+$/, '');
  return {
    id,
    cluster: `${head}-${hash}`,
    task: `preview-pr-${pull}${key === '' ? '' : `-${key}`}`,
    marker: `<!-- sealer-preview ${id} -->`,
  };
}

/** The pull request of a deployment's task; undefined for other deployments. */
export function pullOfTask(task: string): number | undefined {
  const number = TASK.exec(task)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** What `namePreview` made a task of. */
export function keyOfTask(task: string): string {
  return task.replace(/^preview-pr-\d+-?/, '');
}
