/** Kustomizations: the manifests beside them are read as they are; what else could bring images in is reported. */

import type { Problem } from '../error.ts';
import { isSequence, itemsOf, parseYaml, textOf, valueAt, type YamlFile, type YamlNode } from './yaml-events.ts';

/** Fields through which images come or change (kustomize.config.k8s.io/v1beta1). */
const FIELDS_WITH_IMAGES = [
  'images',
  'helmCharts',
  'components',
  'generators',
  'transformers',
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'replacements',
];

/** Says, once per kustomization, what of it discovery does not follow. */
export function checkKustomization(text: string, file: string): readonly Problem[] {
  const yaml = parseYaml(text, file);
  if ('problem' in yaml) return [yaml.problem];
  const reasons = yaml.documents.flatMap((document) => [
    ...FIELDS_WITH_IMAGES.filter((field) => isSequence(yaml, valueAt(yaml, document, field))),
    ...(hasRemoteResource(yaml, document) ? ['remote resources'] : []),
  ]);
  if (reasons.length === 0) return [];
  return [
    {
      code: 'IMAGES_NOT_DISCOVERED',
      message: `Kustomizations are not built yet, and this one can bring other images by ${reasons.join(', ')}`,
      hint: 'List the images that it brings in imageList.',
      at: { file },
      severity: 'warning',
    },
  ];
}

function hasRemoteResource(yaml: YamlFile, document: YamlNode): boolean {
  const resources = [...itemsOf(yaml, valueAt(yaml, document, 'resources'))].map((each) => textOf(yaml, each) ?? '');
  return resources.some((each) => /:\/\/|^git@|^github\.com\/|\?ref=/.test(each));
}
