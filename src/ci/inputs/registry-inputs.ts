/** The inputs that say how registries are reached; all actions have them. */

import { parseList } from './lists.ts';
import { type ReadInput, readBoolean } from './read-input.ts';
import { parseRegistryAuth, type RegistryLogin } from './registry-auth.ts';

export interface RegistryInputs {
  readonly insecure: boolean;
  readonly insecureRegistries: readonly string[];
  readonly caFiles: readonly string[];
  readonly registryAuth: readonly RegistryLogin[];
}

/** @throws SealerError USAGE, naming the input */
export function readRegistryInputs(read: ReadInput): RegistryInputs {
  return {
    insecure: readBoolean(read, 'insecure', false),
    insecureRegistries: parseList(read('insecure-registries'), { comma: true }),
    caFiles: parseList(read('ca-file'), { comma: true }),
    registryAuth: parseRegistryAuth(read('registry-auth')),
  };
}
