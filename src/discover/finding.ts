/** What discovery finds, and the shape that every finder has. */

import type { Place, Problem } from '../error.ts';
import { formatReference, type Reference } from '../oci/reference.ts';

/** One place that names a container image. */
export interface Finding {
  readonly reference: Reference;
  /** The reference as it is written there. */
  readonly text: string;
  readonly at: Place;
  /** Where in the document: `spec.template.spec.containers[0].image`. */
  readonly path?: string;
  readonly finder: FinderName;
  /** `possible` is text that looks like a reference and may be something else. */
  readonly certainty: 'certain' | 'possible';
  /** The app below application/apps/ whose file this is. */
  readonly app?: string;
  /** What it belongs to: `Deployment shop/web`, `ConfigMap shop/settings key agent.yaml`. */
  readonly object?: string;
  /** Of a chart: its name. `at` is then the template, or the values file, that the reference comes from. */
  readonly chart?: string;
}

/** What found it; `--why` tells it in words. */
export type FinderName =
  /** A PodSpec of a kind that we know. */
  | 'workload'
  /** A field of a custom resource whose kind we know. */
  | 'resource'
  /** A field that looks like an image, in a kind that we do not know. */
  | 'shape'
  /** The value of an environment variable of a container. */
  | 'env'
  /** A command or argument of a container. */
  | 'argument'
  /** Text inside a ConfigMap or Secret. */
  | 'config'
  | 'chart-annotation'
  | 'compose'
  | 'image-list'
  /** An archive below images/, or a local container engine. */
  | 'archive'
  /** A matcher of the user's sealer.yaml. */
  | 'rule'
  /** Pulled by the temporary cluster. */
  | 'recording';

export interface Findings {
  readonly findings: Finding[];
  readonly problems: Problem[];
}

/** Finds the images in the text of one file. A finder never throws on bad input: that is what problems are for. */
export type Finder = (text: string, file: string) => Findings;

/** An image with every place that names it: what a harvest is asked for. */
export interface NamedImage {
  readonly reference: Reference;
  readonly findings: readonly Finding[];
}

/** An image is certain when one of the places that name it is. */
export function certaintyOf(findings: readonly Finding[]): Finding['certainty'] {
  return findings.some(({ certainty }) => certainty === 'certain') ? 'certain' : 'possible';
}

/** Groups findings by complete reference, sorted by it, so that the order of files plays no part. */
export function groupByReference(findings: readonly Finding[]): readonly NamedImage[] {
  const byName = new Map<string, { reference: Reference; findings: Finding[] }>();
  for (const finding of findings) {
    const name = formatReference(finding.reference);
    const group = byName.get(name);
    if (group === undefined) byName.set(name, { reference: finding.reference, findings: [finding] });
    else group.findings.push(finding);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
