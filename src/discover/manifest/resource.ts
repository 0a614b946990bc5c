/** Custom resources whose kind we know: `resource-kinds.ts` says where their images stand. */

import { stringOf, type YamlNode } from '../../yaml/document.ts';
import { valueAt } from '../../yaml/mapping.ts';
import { walkByLooks } from './by-looks.ts';
import { walkText } from './embedded-text.ts';
import { fieldsAt, parsePath } from './field-path.ts';
import { walkContainer, walkPodSpec } from './pod-spec.ts';
import { FIELDS_OF_KINDS, type FieldMeaning } from './resource-kinds.ts';
import { enterValues, takeParameters } from './values.ts';
import { type Known, takeKnown, takeLook, type Walk } from './walk.ts';

const CERTAIN: Known = { finder: 'resource', certainty: 'certain', invalid: 'warning' };

/**
 * Takes what a kind is known to hold.
 * @param kind with its group: `argoproj.io/Workflow`
 */
export function walkResource(walk: Walk, node: YamlNode, path: string, kind: string): void {
  for (const [meaning, paths] of FIELDS_OF_KINDS.get(kind) ?? []) {
    for (const steps of paths) {
      for (const field of fieldsAt(walk.yaml, node, parsePath(steps), path))
        TAKE[meaning](walk, field.node, field.path);
    }
  }
}

type Take = (walk: Walk, node: YamlNode, path: string) => void;

const TAKE: Readonly<Record<FieldMeaning, Take>> = {
  image: (walk, node, path) => takeKnown(walk, node, path, CERTAIN),
  'maybe-image': (walk, node, path) => takeText(walk, node, stringOf(walk.yaml, node), path),
  'no-image': (walk, node) => void walk.taken.add(node),
  'pod-spec': (walk, node, path) => walkPodSpec(walk, node, `${path}.`, CERTAIN),
  container: (walk, node, path) => walkContainer(walk, node, path, CERTAIN),
  'transport-url': (walk, node, path) => {
    const url = stringOf(walk.yaml, node);
    if (url?.startsWith('docker://') === true) takeLook(walk, node, url.slice('docker://'.length), path, CERTAIN);
  },
  // The deprecated fields that Prometheus' operator still puts together itself.
  'base-image': (walk, node, path) => {
    const text = (key: string): string | undefined => stringOf(walk.yaml, valueAt(walk.yaml, node, key)) || undefined;
    const base = text('baseImage');
    const sha = text('sha');
    const tag = text('tag') ?? text('version');
    const baseNode = valueAt(walk.yaml, node, 'baseImage');
    if (base === undefined || baseNode === undefined || text('image') !== undefined) return;
    const suffix = sha === undefined ? `:${tag ?? 'latest'}` : `@sha256:${sha}`;
    takeLook(walk, baseNode, `${base}${suffix}`, `${path}.baseImage`, CERTAIN);
  },
  // Flux: `oci://` and a tag or digest beside it.
  artifact: (walk, node, path) => {
    const text = (...keys: string[]): string | undefined => {
      let at: YamlNode | undefined = node;
      for (const key of keys) at = valueAt(walk.yaml, at, key);
      return stringOf(walk.yaml, at) || undefined;
    };
    const digest = text('ref', 'digest');
    const tag = text('ref', 'tag');
    const suffix = digest === undefined ? (tag === undefined ? '' : `:${tag}`) : `@${digest}`;
    const urlNode = valueAt(walk.yaml, node, 'url');
    const name = text('url')?.replace(/^oci:\/\//, '');
    if (urlNode === undefined || name === undefined || text('ref', 'semver') !== undefined) return;
    takeLook(walk, urlNode, `${name}${suffix}`, `${path}.url`, { finder: 'resource', certainty: 'possible' });
  },
  // kustomize's edits as Argo CD writes them: `name=other/name:tag`.
  'image-override': (walk, node, path) => {
    takeText(walk, node, stringOf(walk.yaml, node)?.replace(/^[^=]*=/, ''), path);
  },
  'image-list': (walk, node, path) => walkByLooks({ ...walk, isWeak: true }, node, `${path}.`, 'images'),
  values: (walk, node, path) => walkByLooks(enterValues(walk, node), node, `${path}.`, ''),
  parameters: takeParameters,
  text: (walk, node, path) => walkText(walk, node, path, `${walk.object ?? ''} ${path}`.trim()),
};

function takeText(walk: Walk, node: YamlNode, text: string | undefined, path: string): void {
  if (text !== undefined) takeLook(walk, node, text, path, { finder: 'resource', certainty: 'possible' });
}
