/** The inputs of actions/push, under the names that its action.yml gives them. */

import { type AttestInputs, readAttestInputs } from './attest-inputs.ts';
import { parseList } from './lists.ts';
import { type ReadInput, readBoolean } from './read-input.ts';
import { type RegistryInputs, readRegistryInputs } from './registry-inputs.ts';

export interface PushInputs extends RegistryInputs {
  readonly attest: AttestInputs;
  /** A name, a digest, or empty: then the first tag. */
  readonly image: string;
  /** Names with digests of a registry, to join into one image; empty: an image of the store is pushed. */
  readonly digests: readonly string[];
  readonly tags: readonly string[];
  readonly store: string | undefined;
  readonly summary: boolean;
  readonly allowUnsafeFork: boolean;
}

/**
 * Reads and checks the inputs of the push.
 * @throws SealerError USAGE, naming the input
 */
export function readPushInputs(read: ReadInput): PushInputs {
  return {
    image: read('image'),
    digests: parseList(read('digests'), { comma: true }),
    tags: parseList(read('tags'), { comma: true }),
    attest: readAttestInputs(read, false),
    store: read('store') || undefined,
    summary: readBoolean(read, 'summary', true),
    allowUnsafeFork: readBoolean(read, 'allow-unsafe-fork', false),
    ...readRegistryInputs(read),
  };
}
