/** Names of the store as repositories of a registry, and back. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { isRepositoryPath, parseReference, parseRepository } from '../../../oci/reference.ts';
import type { NamedImage } from '../../../oci/store/index.ts';
import { ApiError } from '../api-error.ts';
import type { Origin } from '../storage.ts';

/** An image of a repository. */
export interface RepositoryImage {
  /** The store's name for it. */
  readonly name: string;
  /** `registry/path`: what is before tag and digest. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly descriptor: Descriptor;
}

/** The images of a store with the repository of each. */
export function toRepositoryImages(names: readonly NamedImage[]): RepositoryImage[] {
  return names.map(({ name, descriptor }) => {
    const { registry, repository, tag } = parseReference(name);
    return { name, repository: `${registry}/${repository}`, tag, descriptor };
  });
}

/**
 * The repository that a push goes to: what is pushed to `localhost:5000/shop:v1` gets that name in the store.
 * @throws ApiError NAME_INVALID when the Host header cannot stand in an image name
 */
export function repositoryForWriting(name: string, { host }: Origin): string {
  // A slash in a Host header would make it a part of the path.
  const repository = host.includes('/') ? undefined : complete(`${host}/${name}`);
  if (repository !== undefined) return repository;
  throw new ApiError('NAME_INVALID', 'The Host header and the name do not make an image name');
}

/**
 * The repositories that a pull may mean, most likely first: the one of the registry that we mirror (`?ns=`), the one
 * pushed to this address, the one whose full name was asked for (`/v2/docker.io/library/nginx/…`), and Docker Hub's, for
 * whose mirrors docker leaves the host out.
 */
export function repositoriesForReading(name: string, { host, namespace }: Origin): string[] {
  const candidates = [
    ...(namespace === undefined ? [] : [complete(`${namespace}/${name}`)]),
    ...aliasesOf(host).map((alias) => complete(`${alias}/${name}`)),
    isComplete(name) ? name : undefined,
    complete(`docker.io/${name}`),
  ];
  return candidates.filter((each) => each !== undefined);
}

/** How a repository of the store is called at this address; undefined when no request could name it. */
export function addressedName(repository: string, { host }: Origin): string | undefined {
  const own = aliasesOf(host).find((alias) => repository.startsWith(`${alias}/`));
  if (own !== undefined) return repository.slice(own.length + 1);
  return isRepositoryPath(repository) ? repository : undefined;
}

/** Loopback has three names, and one port of it is one registry. */
function aliasesOf(host: string): string[] {
  const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?<port>:\d+)?$/.exec(host);
  if (loopback === null) return [host];
  const port = loopback.groups?.port ?? '';
  return [...new Set([host, `localhost${port}`, `127.0.0.1${port}`, `[::1]${port}`])];
}

function complete(text: string): string | undefined {
  try {
    const { registry, repository } = parseRepository(text);
    // Completion turns host/name into docker.io/host/name where host does not look like one: that is another image.
    return `${registry}/${repository}` === text ? text : undefined;
  } catch (error) {
    if (error instanceof SealerError) return undefined;
    throw error;
  }
}

function isComplete(name: string): boolean {
  return complete(name) !== undefined;
}
