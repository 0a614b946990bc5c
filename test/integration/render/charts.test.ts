/** The three large charts: discovery finds what a cluster pulls, and says where it is named. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppValues, discover } from '../../../src/discover/index.ts';
import { formatReference } from '../../../src/oci/reference.ts';
import { type ChartName, chartFixture, expectedImages, lacking, testRenderer } from './charts.ts';

const skip = await lacking('helm');
const KUBE_VERSION = 'v1.20.2';

async function findIn(
  name: ChartName,
  options: { values?: readonly string[]; kubeVersion?: string; apiVersions?: readonly string[] } = {},
): Promise<Awaited<ReturnType<typeof discover>>> {
  const folder = `application/apps/${name}`;
  const files = await chartFixture(name, folder);
  const valueSets = options.values === undefined ? [] : [options.values.map((file) => `${folder}/${file}`)];
  const apps = new Map<string, AppValues>([[name, { env: {}, valueSets }]]);
  const { kubeVersion = KUBE_VERSION, apiVersions } = options;
  return await discover(files, { renderer: testRenderer(), apps, kubeVersion, ...(apiVersions && { apiVersions }) });
}

function namesOf({ findings }: Awaited<ReturnType<typeof discover>>): readonly string[] {
  return [...new Set(findings.map(({ reference }) => formatReference(reference)))].sort();
}

for (const [name, values] of [
  ['webshop', ['values.test.yaml']],
  ['operator', undefined],
  ['monitoring', undefined],
] as const) {
  test(`exactly the images that a cluster pulls for ${name}`, { skip }, async () => {
    const found = await findIn(name, values === undefined ? {} : { values });
    assert.deepEqual(found.problems, []);
    assert.deepEqual(namesOf(found), expectedImages(name));
  });
}

test('a subchart that is off stays out, and its tag or condition brings it in', { skip }, async () => {
  const names = namesOf(await findIn('webshop'));
  assert.ok(!names.includes('registry.example.com/shop/exporter:0.15.0'));
  assert.ok(!names.some((name) => name.includes('/search:')));
});

test('the place is the values file that names the image, else the template', { skip }, async () => {
  const { findings } = await findIn('webshop', { values: ['values.test.yaml'] });
  const at = (name: string) => {
    const place = findings.find(({ reference }) => formatReference(reference).includes(`/${name}:`))?.at;
    return `${place?.file.replace('application/apps/webshop/', '')}:${place?.line}`;
  };
  assert.equal(at('api'), 'values.yaml:14');
  assert.equal(at('migrate'), 'values.yaml:23');
  assert.equal(at('database'), 'charts/database/values.yaml:4');
  assert.equal(at('search'), 'charts/search/values.yaml:3');
});

test('of an archive, the place names the file inside', { skip }, async () => {
  const { findings } = await findIn('monitoring');
  const places = findings.filter(({ text }) => text.includes('/mount:')).map(({ at }) => at);
  const file =
    'application/apps/monitoring/charts/monitoring-agent-2.1.0.tgz!monitoring-agent/templates/daemonset.yaml';
  assert.deepEqual(
    places.map(({ file, line }) => ({ file, line })),
    [{ file, line: 16 }],
  );
});

test('the Kubernetes version and the API versions of the base image decide', { skip }, async () => {
  const newer = namesOf(
    await findIn('monitoring', { kubeVersion: '1.31', apiVersions: ['monitoring.example.com/v1'] }),
  );
  assert.ok(newer.includes('registry.example.com/monitoring/adapter:v0.12.0'));
  assert.ok(newer.includes('registry.example.com/monitoring/gateway:v0.3.0'));
  assert.ok(!newer.includes('registry.example.com/monitoring/adapter-legacy:v0.9.1'));
});
