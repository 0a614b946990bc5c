/** What a harvest needs of a registry client. */

import type { RegistryClient } from '../../registry/client/index.ts';

export type ImageSource = Pick<RegistryClient, 'resolve' | 'document' | 'fetchBlob'>;
