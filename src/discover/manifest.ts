/**
 * Container images in Kubernetes manifests: every PodSpec of every workload kind, found by type and not by looks, so a
 * comment, a quote or the style of the YAML cannot hide one.
 */

import type { Problem } from '../error.ts';
import { SealerError } from '../error.ts';
import { parseReference } from '../oci/reference.ts';
import type { Finding, Findings } from './finding.ts';
import {
  isMapping,
  itemsOf,
  parseYaml,
  placeOf,
  textOf,
  valueAt,
  type YamlFile,
  type YamlNode,
} from './yaml-events.ts';

/** Where a PodSpec is, by kind (Kubernetes API: core/v1, apps/v1, batch/v1). */
const POD_SPEC_PATHS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', ['spec']],
  ['PodTemplate', ['template', 'spec']],
  ['Deployment', ['spec', 'template', 'spec']],
  ['StatefulSet', ['spec', 'template', 'spec']],
  ['DaemonSet', ['spec', 'template', 'spec']],
  ['ReplicaSet', ['spec', 'template', 'spec']],
  ['ReplicationController', ['spec', 'template', 'spec']],
  ['Job', ['spec', 'template', 'spec']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
]);

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'];

/**
 * Finds the images of all workloads in a file of YAML or JSON documents. Documents that are no workload are fine and
 * have none.
 * @param file how to name the file in places
 */
export function findInManifests(text: string, file: string): { findings: Finding[]; problems: Problem[] } {
  const yaml = parseYaml(text, file);
  if ('problem' in yaml) return { findings: [], problems: [yaml.problem] };
  const walk: Walk = { yaml, found: { findings: [], problems: [] }, seen: new Set() };
  for (const document of yaml.documents) walkObject(walk, document, '', undefined);
  return walk.found;
}

interface Walk {
  readonly yaml: YamlFile;
  readonly found: Findings;
  /** Objects already walked: aliases can make a list hold the same object a million times. */
  readonly seen: Set<YamlNode>;
}

/** @param kindOfList what the objects of a typed list (PodList) are, which need not say so themselves */
function walkObject(walk: Walk, node: YamlNode, path: string, kindOfList: string | undefined): void {
  const { yaml, seen } = walk;
  if (!isMapping(yaml, node) || seen.has(node)) return;
  seen.add(node);
  const kind = textOf(yaml, valueAt(yaml, node, 'kind')) ?? kindOfList;
  if (kind === undefined) return;
  if (kind.endsWith('List')) {
    const kindOfItems = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
    let i = 0;
    for (const item of itemsOf(yaml, valueAt(yaml, node, 'items'))) {
      walkObject(walk, item, `${path}items[${i++}].`, kindOfItems);
    }
    return;
  }
  const specPath = POD_SPEC_PATHS.get(kind);
  if (specPath === undefined) return;
  let spec: YamlNode | undefined = node;
  for (const key of specPath) spec = valueAt(yaml, spec, key);
  if (spec !== undefined) walkPodSpec(walk, spec, `${path}${specPath.join('.')}.`);
}

function walkPodSpec(walk: Walk, spec: YamlNode, path: string): void {
  const { yaml } = walk;
  for (const list of CONTAINER_LISTS) {
    let i = 0;
    for (const container of itemsOf(yaml, valueAt(yaml, spec, list))) {
      const where = `${path}${list}[${i++}].image`;
      const image = valueAt(yaml, container, 'image');
      // A container without image is a patch, or is completed by an admission controller.
      if (image !== undefined) take(walk, image, where);
    }
  }
  let i = 0;
  for (const volume of itemsOf(yaml, valueAt(yaml, spec, 'volumes'))) {
    const where = `${path}volumes[${i++}].image.reference`;
    const reference = valueAt(yaml, valueAt(yaml, volume, 'image'), 'reference');
    if (reference !== undefined) take(walk, reference, where);
  }
}

function take({ yaml, found }: Walk, node: YamlNode, path: string): void {
  const at = placeOf(yaml, node);
  const text = textOf(yaml, node)?.trim();
  try {
    if (text === undefined || text === '') {
      const message = `${path} is ${text === '' ? 'empty' : 'not a string'}`;
      throw new SealerError('INVALID_REFERENCE', message, { hint: 'Write the reference of a container image.' });
    }
    const reference = parseReference(text);
    found.findings.push({ reference, text, at, path, finder: 'workload', certainty: 'certain' });
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    const isVariable = text !== undefined && /\$\{|\$\(|\{\{/.test(text);
    const hint = isVariable ? 'Variables are not expanded in manifests: write the whole reference.' : error.hint;
    found.problems.push({ code: error.code, message: error.message, hint, at });
  }
}
