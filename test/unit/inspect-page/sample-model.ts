/** What a page shows of an image that there is not. */

import type { PageModel } from '../../../src/inspect-page/index.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

export function model(parts: Partial<PageModel> = {}): PageModel {
  return {
    ...{ name: 'registry.example.com/shop:v2', digest: DIGEST, platform: 'linux/amd64', size: 160 },
    platforms: ['linux/amd64', 'linux/arm64'],
    facts: [['Type', 'kube-installer']],
    weights: [
      { group: 'shop', name: 'web:1', bytes: 100 },
      { group: 'programs', name: 'tool', bytes: 60 },
    ],
    layers: [{ digest: DIGEST, size: 60, kind: 'rootfs', createdBy: 'COPY . .', content: [{ n: 'x', s: 1 }] }],
    components: [
      {
        ...{ kind: 'image', name: 'web', version: '1', app: 'shop', digest: DIGEST, size: 100, weight: 100 },
        ...{ license: 'MIT', place: 'docker.io/library/web:1' },
      },
    ],
    moreComponents: 0,
    ...parts,
  };
}
