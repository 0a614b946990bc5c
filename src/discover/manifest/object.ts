/** Kubernetes objects: what they are tells where their images stand. */

import { isMapping, itemsOf, stringOf, textOf, type YamlNode } from '../../yaml/document.ts';
import { entriesOf, valueAt } from '../../yaml/mapping.ts';
import { walkByLooks } from './by-looks.ts';
import { walkConfigData } from './config-data.ts';
import { walkPodSpec } from './pod-spec.ts';
import { walkResource } from './resource.ts';
import { walkCustomResourceDefinition } from './schema-defaults.ts';
import { takeByRules } from './user-keys.ts';
import { MAX_NESTING, type Walk } from './walk.ts';

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

/**
 * Walks an object, and the objects of a list.
 * @param path of the object in its document, with its dot
 * @param kindOfList what the objects of a typed list (PodList) are, which need not say so themselves
 */
export function walkObject(walk: Walk, node: YamlNode, path: string, kindOfList: string | undefined): void {
  const { yaml, typed, budget } = walk;
  if (!isMapping(yaml, node) || typed.has(node) || budget.nesting >= MAX_NESTING) return;
  typed.add(node);
  const kind = stringOf(yaml, valueAt(yaml, node, 'kind')) ?? kindOfList;
  if (kind === undefined) {
    walkByLooks(walk, node, path, '');
    return;
  }
  const items = valueAt(yaml, node, 'items');
  if (kind.endsWith('List') && items !== undefined) {
    const kindOfItems = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
    budget.nesting += 1;
    for (const [i, item] of itemsOf(yaml, items).entries()) walkObject(walk, item, `${path}items[${i}].`, kindOfItems);
    budget.nesting -= 1;
    return;
  }
  walkKind({ ...walk, kind, object: describe(walk, node, kind) }, node, path, kind);
}

function walkKind(walk: Walk, node: YamlNode, path: string, kind: string): void {
  const { yaml } = walk;
  if (kind === 'CustomResourceDefinition') {
    walkCustomResourceDefinition(walk, node, path);
    return;
  }
  takeByRules(walk, node, path);
  const specPath = POD_SPEC_PATHS.get(kind);
  if (specPath !== undefined) {
    let spec: YamlNode | undefined = node;
    for (const key of specPath) spec = valueAt(yaml, spec, key);
    if (spec !== undefined) {
      walkPodSpec(walk, spec, `${path}${specPath.join('.')}.`, {
        finder: 'workload',
        certainty: 'certain',
        invalid: 'error',
      });
    }
  }
  const apiVersion = textOf(yaml, valueAt(yaml, node, 'apiVersion')) ?? '';
  walkResource(walk, node, path, `${apiVersion.replace(/\/?[^/]*$/, '')}/${kind}`);
  if (kind === 'ConfigMap' || kind === 'Secret') walkConfigData(walk, node, path, kind);
  for (const [key, value] of entriesOf(yaml, node)) {
    // What the cluster writes into an object is nobody's wish.
    if (key === 'kind' || key === 'apiVersion' || key === 'status') continue;
    if (key === 'metadata') walkMetadata(walk, value, `${path}metadata.`);
    else if (!CONFIG_FIELDS.has(key) || (kind !== 'ConfigMap' && kind !== 'Secret')) {
      walkByLooks(walk, value, `${path}${key}.`, key);
    }
  }
}

const CONFIG_FIELDS = new Set(['data', 'binaryData', 'stringData']);

/** Annotations are read by operators and injectors (`containerImage`, `sidecar.istio.io/proxyImage`). */
function walkMetadata(walk: Walk, metadata: YamlNode, path: string): void {
  walkByLooks({ ...walk, isWeak: true }, valueAt(walk.yaml, metadata, 'annotations') ?? -1, `${path}annotations.`, '');
}

/** `Deployment shop/web`, as far as the object says it. */
function describe(walk: Walk, node: YamlNode, kind: string): string {
  const { yaml } = walk;
  const metadata = valueAt(yaml, node, 'metadata');
  const text = (key: string): string | undefined => textOf(yaml, valueAt(yaml, metadata, key)) || undefined;
  const name = text('name') ?? text('generateName');
  const namespace = text('namespace');
  const own = `${kind}${name === undefined ? '' : ` ${namespace === undefined ? '' : `${namespace}/`}${name}`}`;
  return walk.object === undefined || walk.depth === 0 ? own : `${own} in ${walk.object}`;
}
