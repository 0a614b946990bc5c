/** What the user says about images in `sealer.yaml`, ready to be asked. */

import type { Place } from '../../error.ts';
import type { Reference } from '../../oci/reference.ts';
import type { NameMatcher } from './glob.ts';

export interface Rules {
  /** `images.keys`: fields that hold images, beside those that discovery knows. */
  readonly keys: readonly KeyRule[];
  /** `images.ignore`, each with its place, so that one that matches nothing can be told. */
  readonly ignore: readonly NamePattern[];
  /** `images.allowMissing`: whether it is fine when the image cannot be fetched. */
  readonly mayBeMissing: NameMatcher;
  /** `images.replace`: where to fetch an image; the reference itself where no rule is for it. */
  readonly fetchFrom: (reference: Reference) => Reference;
  /** `images.sources`: local container engines to ask for what no registry has. */
  readonly sources: readonly EngineName[];
  /** `charts`, by the name of an app or the rootfs path of a chart. */
  readonly charts: ReadonlyMap<string, ChartRule>;
}

export type EngineName = 'docker' | 'podman' | 'containerd';

export interface KeyRule {
  /** Only in objects of this kind. */
  readonly kind?: string;
  /** From the top of the object; `*` stands for any key, and lists are entered by themselves. */
  readonly path?: readonly string[];
  /** A key at any depth. */
  readonly key?: string;
  readonly isCertain: boolean;
}

export interface NamePattern {
  readonly text: string;
  readonly at: Place;
  readonly matches: NameMatcher;
}

export interface ChartRule {
  /** Alternatives, each a list of values files: rootfs paths, or relative to the chart's folder. */
  readonly values?: readonly (readonly string[])[];
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly at: Place;
}

export const NO_RULES: Rules = {
  keys: [],
  ignore: [],
  mayBeMissing: () => false,
  fetchFrom: (reference) => reference,
  sources: [],
  charts: new Map(),
};
