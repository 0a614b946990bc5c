/** Attestations, for people. */

import type { MadeAttestation, SignedBy } from '../attest/index.ts';
import { formatCount } from './progress/index.ts';

/** What was attached: `attached 2 SBOMs, provenance, 1 signature; all signed`. */
export function describeAttestations(made: readonly MadeAttestation[]): string {
  const documents = new Set(made.filter(({ kind }) => kind === 'sbom').map(({ subject }) => subject));
  const parts = [
    ...(documents.size === 0 ? [] : [formatCount(documents.size, 'SBOM')]),
    ...(made.some(({ kind }) => kind === 'provenance') ? ['provenance'] : []),
    ...(made.some(({ kind }) => kind === 'signature') ? ['a signature'] : []),
  ];
  const unsigned = made.every(({ signed }) => !signed);
  return `attached ${parts.join(', ')}${unsigned ? ' (not signed)' : ''}`;
}

/** Who signed. */
export function describeSigner(by: SignedBy): string {
  return by.kind === 'key' ? `key ${by.key}` : `${by.identity} (by ${by.issuer})`;
}
