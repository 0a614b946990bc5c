/** Which of the container images that a cluster image brings are Kubernetes' own, by the last part of their names. */

import type { RuntimeImage } from '../../runtime.ts';

export interface BundledImage {
  /** The complete name: `registry.k8s.io/pause:3.9`. */
  readonly name: string;
  /** Without its last part: `registry.k8s.io`. */
  readonly prefix: string;
  /** Empty if the name has none. */
  readonly tag: string;
}

/** The bundled images whose repository ends in this name, those with `prefix` first. */
export function bundledImages(
  image: Pick<RuntimeImage, 'images'>,
  last: string,
  prefix?: string,
): readonly BundledImage[] {
  return image.images
    .map(split)
    .filter((each) => each.last === last)
    .toSorted((a, b) => Number(b.prefix === prefix) - Number(a.prefix === prefix));
}

/**
 * Where Kubernetes' own images come from: wherever the API server of this version does, so that pods keep the names under
 * which the images are bundled. Undefined if it is not bundled.
 */
export function bundledRepository(image: Pick<RuntimeImage, 'images' | 'kubeVersion'>): string | undefined {
  const servers = bundledImages(image, 'kube-apiserver');
  return (servers.find(({ tag }) => tag === image.kubeVersion) ?? servers[0])?.prefix;
}

function split(name: string): BundledImage & { readonly last: string } {
  const plain = name.replace(/@.*$/, '');
  const slash = plain.lastIndexOf('/');
  const [last = '', tag = ''] = plain.slice(slash + 1).split(':');
  return { name, last, prefix: slash < 0 ? '' : plain.slice(0, slash), tag };
}
