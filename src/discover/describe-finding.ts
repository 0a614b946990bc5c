/** A finding in words. */

import { formatPlace } from '../error.ts';
import type { FinderName, Finding } from './finding.ts';

const WORDS: Readonly<Record<FinderName, string>> = {
  workload: 'container of',
  resource: 'field of',
  shape: 'looks like an image in',
  env: 'environment variable of',
  argument: 'argument of',
  config: 'text inside',
  'chart-annotation': 'annotation of the chart',
  compose: 'service of a compose file',
  'image-list': 'image list',
  archive: 'archive',
  rule: 'rule of sealer.yaml, matched in',
  recording: 'pulled by',
};

/** What found it and in what: `container of Deployment shop/web`. */
export function describeFinding({ finder, object, chart }: Finding): string {
  const words = WORDS[finder];
  const what =
    object === undefined ? words.replace(/(?:,? (?:of|in|inside|matched in|pulled by))$/, '') : `${words} ${object}`;
  return chart === undefined ? what : `${what}, chart ${chart}`;
}

/** The place, and what is there: `manifests/shop.yaml:7:14 (container of Deployment shop/web)`. */
export function explainFinding(finding: Finding): string {
  return `${formatPlace(finding.at)} (${describeFinding(finding)})`;
}
