/** What custom resource definitions in the content add to a cluster's API: charts ask for it (`.Capabilities.APIVersions`). */

import { itemsOf, parseStream, textOf, type YamlDocument } from '../yaml/document.ts';
import { valueAt } from '../yaml/mapping.ts';
import { decodeText } from './decode.ts';

const KIND = 'CustomResourceDefinition';

/**
 * The API versions that the custom resource definitions of a rootfs bring, those in `crds/` of charts too.
 * @param files content by rootfs path
 * @returns `monitoring.coreos.com/v1` and `monitoring.coreos.com/v1/ServiceMonitor`, sorted
 */
export function apiVersionsIn(files: ReadonlyMap<string, Buffer>): readonly string[] {
  const versions = new Set<string>();
  for (const [path, content] of files) {
    if (!/\.(?:ya?ml|json)$/.test(path) || !content.includes(KIND)) continue;
    // Templates of charts are no YAML; what they define is theirs to use.
    for (const yaml of parseStream(decodeText(content) ?? '', path)) {
      if (!('problem' in yaml)) for (const version of versionsOf(yaml)) versions.add(version);
    }
  }
  return [...versions].sort();
}

function versionsOf(yaml: YamlDocument): readonly string[] {
  if (textOf(yaml, valueAt(yaml, yaml.root, 'kind')) !== KIND) return [];
  const spec = valueAt(yaml, yaml.root, 'spec');
  const group = textOf(yaml, valueAt(yaml, spec, 'group'));
  const kind = textOf(yaml, valueAt(yaml, valueAt(yaml, spec, 'names'), 'kind'));
  return [...itemsOf(yaml, valueAt(yaml, spec, 'versions'))].flatMap((each) => {
    const version = textOf(yaml, valueAt(yaml, each, 'name'));
    if (group === undefined || version === undefined) return [];
    return [`${group}/${version}`, ...(kind === undefined ? [] : [`${group}/${version}/${kind}`])];
  });
}
