/** The inputs of the actions, under the names that their action.yml gives them. */

export { type AttestInputs, maskSigning, SIGNING_SECRETS, signerOf } from './attest-inputs.ts';
export { type BuildInputs, readBuildInputs } from './build-inputs.ts';
export { type PushInputs, readPushInputs } from './push-inputs.ts';
export type { RegistryInputs } from './registry-inputs.ts';
export { type RunInputs, readRunInputs, type SshInputs } from './run-inputs.ts';
