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
 * @param pulls of an image that was missing first and then served only the latter counts
 */
export function askedImages({ pods }: Pick<WorkloadReport, 'pods'>, pulls: readonly Pull[]): readonly AskedImage[] {
  const asked = new Map<string, { askers: Set<string>; reason?: string | undefined; isServed: boolean }>();
  const of = (name: string) => {
    const known = asked.get(name) ?? { askers: new Set<string>(), isServed: false };
    asked.set(name, known);
    return known;
  };
  for (const { name, outcome, reason = 'it is not there' } of pulls) {
    const image = of(name);
    if (outcome === 'served') image.isServed = true;
    else image.reason = reason;
  }
  for (const { namespace, name, owner, images } of pods) {
    const asker = owner ?? `Pod ${namespace}/${name}`;
    for (const { image } of images)
      if (isReference(image)) of(formatReference(parseReference(image))).askers.add(asker);
  }
  return [...asked]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { askers, reason, isServed }]) => {
      return { name, askers: [...askers].sort(), ...(reason === undefined || isServed ? {} : { reason }) };
    });
}
