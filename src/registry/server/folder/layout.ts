/** Where things are in the folder of a CNCF distribution registry (distribution v2, registry/storage/paths.go). */

import { join } from 'node:path';
import { algorithmOf, type Digest, hexOf } from '../../../oci/digest.ts';

export interface Layout {
  readonly repositories: string;
  /** For files that are not whole yet; a folder that distribution does not look at. */
  readonly temporary: string;
  blob(digest: Digest): string;
  repository(name: string): string;
  layerLink(repository: string, digest: Digest): string;
  revisionLink(repository: string, digest: Digest): string;
  revisions(repository: string): string;
  tags(repository: string): string;
  tag(repository: string, tag: string): string;
  tagLink(repository: string, tag: string): string;
  /** A tag's history: every digest that it ever pointed to. */
  tagHistoryLink(repository: string, tag: string, digest: Digest): string;
  uploads(repository: string): string;
  upload(repository: string, id: string): string;
}

/** @param root the folder that holds `docker/registry/v2` */
export function layoutOf(root: string): Layout {
  const base = join(root, 'docker', 'registry', 'v2');
  const repositories = join(base, 'repositories');
  const repository = (name: string) => join(repositories, name);
  const manifests = (name: string) => join(repository(name), '_manifests');
  const tag = (name: string, tagName: string) => join(manifests(name), 'tags', tagName);
  return {
    repositories,
    temporary: join(base, '_sealer'),
    repository,
    blob: (digest) => join(base, 'blobs', algorithmOf(digest), hexOf(digest).slice(0, 2), hexOf(digest), 'data'),
    layerLink: (name, digest) => join(repository(name), '_layers', inFolders(digest), 'link'),
    revisionLink: (name, digest) => join(manifests(name), 'revisions', inFolders(digest), 'link'),
    revisions: (name) => join(manifests(name), 'revisions'),
    tags: (name) => join(manifests(name), 'tags'),
    tag,
    tagLink: (name, tagName) => join(tag(name, tagName), 'current', 'link'),
    tagHistoryLink: (name, tagName, digest) => join(tag(name, tagName), 'index', inFolders(digest), 'link'),
    uploads: (name) => join(repository(name), '_uploads'),
    upload: (name, id) => join(repository(name), '_uploads', id),
  };
}

function inFolders(digest: Digest): string {
  return join(algorithmOf(digest), hexOf(digest));
}
