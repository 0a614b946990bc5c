/** Who asked for which container image: what a registry saw, joined with what the pods say. */

import type { WorkloadReport } from '../kubernetes/index.ts';
import { formatReference, isReference, parseReference } from '../oci/reference.ts';
import type { Pull } from '../registry/proxy/index.ts';

export interface AskedImage {
  /** Complete. */
  readonly name: string;
  /** `Deployment shop/web`, or `Pod shop/once`; none where a node asked before its pod could be seen, or it is gone. */
  readonly askers: readonly string[];
  /** Why the registry did not give it. */
  readonly reason?: string | undefined;
}

/**
 * Every image that was asked for, sorted. The pods count as well as the pulls: what a node had already is not pulled.
 * @param pulls in their order; of several of one name the last counts
 */
export function askedImages({ pods }: Pick<WorkloadReport, 'pods'>, pulls: readonly Pull[]): readonly AskedImage[] {
  const asked = new Map<string, { name: string; askers: Set<string>; reason: string | undefined }>();
  const of = (name: string) => {
    const key = imageKey(name);
    const known = asked.get(key) ?? { name, askers: new Set<string>(), reason: undefined };
    // The name with a tag says more.
    if (name.length > known.name.length) known.name = name;
    asked.set(key, known);
    return known;
  };
  for (const { name, outcome, reason = 'it is not there' } of pulls) {
    of(name).reason = outcome === 'served' ? undefined : reason;
  }
  for (const { namespace, name, owner, images } of pods) {
    const asker = owner ?? `Pod ${namespace}/${name}`;
    for (const { image } of images) {
      if (isReference(image)) of(formatReference(parseReference(image))).askers.add(asker);
    }
  }
  return [...asked.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, askers, reason }) => {
      return { name, askers: [...askers].sort(), ...(reason === undefined ? {} : { reason }) };
    });
}

/**
 * What two names of the same image have in common: of a name with tag and digest, container runtimes ask for the digest
 * and forget the tag.
 * @param name complete
 */
export function imageKey(name: string): string {
  const { tag: _, ...pinned } = parseReference(name);
  return pinned.digest === undefined ? name : formatReference(pinned);
}
