/** What of a kustomization would have to be fetched. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { readKustomizations } from '../../../src/render/kustomize/read-kustomization.ts';

const KUSTOMIZATION = `resources: []
helmCharts:
- name: web
  repo: https://charts.example.com/stable
  version: 1.2.3
`;

const read = (files: Record<string, string>) =>
  readKustomizations(new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])), 'k');

test('a chart that kustomize would fetch is refused at its place: the cluster could not fetch it either', () => {
  assert.throws(
    () => read({ 'k/kustomization.yaml': KUSTOMIZATION }),
    (error) =>
      error instanceof SealerError &&
      error.code === 'KUSTOMIZATION_INVALID' &&
      error.at?.line === 4 &&
      /takes https:\/\/charts\.example\.com\/stable from the network/.test(error.message),
  );
});

test('a chart whose copy is where kustomize looks first is not fetched', () => {
  const plain = KUSTOMIZATION.replace('  version: 1.2.3\n', '');
  const named = 'k/charts/web-1.2.3/web/Chart.yaml';
  assert.equal(read({ 'k/kustomization.yaml': KUSTOMIZATION, [named]: '' }).length, 1);
  assert.equal(read({ 'k/kustomization.yaml': plain, 'k/charts/web/Chart.yaml': '' }).length, 1);
  assert.throws(() => read({ 'k/kustomization.yaml': KUSTOMIZATION, 'k/charts/web/Chart.yaml': '' }), /network/);
  const elsewhere = `${plain}helmGlobals: {chartHome: mine}\n`;
  assert.equal(read({ 'k/kustomization.yaml': elsewhere, 'k/mine/web/Chart.yaml': '' }).length, 1);
  assert.throws(() => read({ 'k/kustomization.yaml': elsewhere, 'k/charts/web/Chart.yaml': '' }), /network/);
});
