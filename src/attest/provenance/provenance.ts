/**
 * SLSA provenance, version 1 (slsa.dev/spec/v1.0/provenance): who built an image, from what, and how it was asked for.
 * Values of build arguments stay out, since people pass secrets in them.
 */

import { algorithmOf, type Digest, hexOf } from '../../oci/digest.ts';
import { formatReference, isReference, parseReference } from '../../oci/reference.ts';
import { ociPurl } from '../sbom/purl.ts';
import type { BuildPlace } from './build-place.ts';

/** How to read the parameters: a section of the README says it. */
export const BUILD_TYPE = 'https://github.com/sealer/build/blob/v1/README.md#provenance';

export interface BuildFacts {
  /** Relative to the repository or, outside of one, to the context. */
  readonly kubefile: { readonly path: string; readonly digest: Digest };
  /** Relative to the repository. */
  readonly context: string;
  readonly target: string | undefined;
  readonly type: string;
  /** `linux/amd64` … */
  readonly platforms: readonly string[];
  /** Names only. */
  readonly buildArgs: readonly string[];
  readonly materials: readonly Material[];
  readonly version: string;
}

/** Something that went into an image, as it was found. */
export interface Material {
  readonly kind: 'base' | 'chart' | 'image';
  /** A complete reference, or what a lock calls a chart. */
  readonly name: string;
  readonly digest: Digest;
}

/** The predicate. */
export function provenancePredicate(facts: BuildFacts, place: BuildPlace): object {
  const { kubefile, context, target, type, platforms, buildArgs, materials, version } = facts;
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: {
        kubefile: kubefile.path,
        context,
        ...(target === undefined ? {} : { target }),
        type,
        platforms: [...platforms].sort(),
        ...(buildArgs.length === 0 ? {} : { buildArgs: [...buildArgs].sort() }),
        ...(place.workflow === undefined ? {} : { workflow: place.workflow }),
      },
      ...(place.internal === undefined ? {} : { internalParameters: { github: place.internal } }),
      resolvedDependencies: [
        ...(place.source === undefined ? [] : [place.source]),
        { name: kubefile.path, digest: digestSet(kubefile.digest) },
        ...unique(materials).map(dependencyOf),
      ],
    },
    runDetails: {
      builder: { id: place.builder, version: { sealer: version } },
      ...(place.invocation === undefined ? {} : { metadata: { invocationId: place.invocation } }),
    },
  };
}

function dependencyOf({ kind, name, digest }: Material): object {
  const uri = kind !== 'chart' && isReference(name) ? ociPurl(parseReference(name), digest, undefined) : undefined;
  return {
    name: kind !== 'chart' && isReference(name) ? formatReference(parseReference(name)) : name,
    ...(uri === undefined ? {} : { uri }),
    digest: digestSet(digest),
    annotations: { kind },
  };
}

function digestSet(digest: Digest): Readonly<Record<string, string>> {
  return { [algorithmOf(digest)]: hexOf(digest) };
}

function unique(materials: readonly Material[]): readonly Material[] {
  const keyOf = ({ kind, name, digest }: Material): string => `${kind} ${name} ${digest}`;
  const all = new Map(materials.map((each) => [keyOf(each), each]));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}
