/** The registry of a cluster: its own on its masters, or one that is there. */

export { authorityOf, mirroredRegistries } from './access.ts';
export { type AccessOptions, accessFor } from './access-for.ts';
export { ensureRegistry, type RegistryOptions } from './ensure.ts';
export { type ExternalClient, externalClient } from './external-client.ts';
export { type Moved, type MoveOptions, moveRegistry } from './move.ts';
export { REGISTRY_SERVICE, registryPlaces } from './places.ts';
export { externalAccess, type PushBundleOptions, type PushedBundle, pushBundle } from './push-bundle.ts';
export { pushLayers } from './push-layers.ts';
export { removeRegistry } from './remove.ts';
