/** The images of a PodSpec, of single containers, and of lists of them (Kubernetes API: core/v1). */

import { itemsOf, stringOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import { type Known, takeKnown, type Walk } from './walk.ts';

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'];

/**
 * Takes the images of all containers and image volumes.
 * @param path of the PodSpec, with its dot
 */
export function walkPodSpec(walk: Walk, spec: YamlNode, path: string, known: Known): void {
  const { yaml, typed } = walk;
  if (typed.has(spec)) return;
  typed.add(spec);
  for (const list of CONTAINER_LISTS) walkContainers(walk, valueAt(yaml, spec, list), `${path}${list}`, known);
  const volumes = valueAt(yaml, spec, 'volumes');
  for (const [i, volume] of itemsOf(yaml, volumes).entries()) {
    const reference = valueAt(yaml, valueAt(yaml, volume, 'image'), 'reference');
    if (reference !== undefined) takeKnown(walk, reference, `${path}volumes[${i}].image.reference`, known);
  }
}

/**
 * Takes the images of a list of containers.
 * @param path of the list
 */
export function walkContainers(walk: Walk, list: YamlNode | undefined, path: string, known: Known): void {
  const { yaml, typed } = walk;
  if (list === undefined || typed.has(list)) return;
  typed.add(list);
  for (const [i, container] of itemsOf(yaml, list).entries()) walkContainer(walk, container, `${path}[${i}]`, known);
}

/** Takes the image of one container. One without is a patch, or is completed by an admission controller. */
export function walkContainer(walk: Walk, container: YamlNode | undefined, path: string, known: Known): void {
  const image = valueAt(walk.yaml, container, 'image');
  if (image !== undefined) takeKnown(walk, image, `${path}.image`, known);
}

/** Whether a mapping is a PodSpec by its shape: a list of containers of which one has a name and an image. */
export function isPodSpec(walk: Walk, node: YamlNode): boolean {
  const { yaml } = walk;
  const [first] = itemsOf(yaml, valueAt(yaml, node, 'containers'));
  const container = entriesOf(yaml, first);
  return stringOf(yaml, container.get('image')) !== undefined && container.has('name');
}
