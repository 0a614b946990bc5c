/** A base image of the folder as matrix and builds see it: its data, what it is made of, and what is published. */

import { join } from 'node:path';
import {
  type BaseImage,
  basesOf,
  contextDigest,
  type Inputs,
  publishedImage,
  publishedTags,
} from '../../base-images/index.ts';
import type { RegistryClient } from '../../registry/client/index.ts';
import { VERSION } from '../version.ts';
import type { ReadVersions } from './folder.ts';

/** What every cell of an image is made of. */
export async function inputsOf({ folder }: ReadVersions, client: Pick<RegistryClient, 'resolve'>): Promise<Inputs> {
  return {
    context: await contextDigest(folder),
    bases: await basesOf(join(folder, 'Kubefile'), client),
    toolkit: VERSION,
  };
}

/** @param registry with a path: `ghcr.io/sealer` */
export async function openBaseImage(read: ReadVersions, client: RegistryClient, registry: string): Promise<BaseImage> {
  const repository = `${registry}/${read.runtime}`;
  return {
    versions: read.versions,
    inputs: await inputsOf(read, client),
    repository,
    tags: await publishedTags(client, repository),
    published: (tag) => publishedImage(client, repository, tag),
  };
}
