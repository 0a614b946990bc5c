/**
 * The three large charts, installed: what a build finds in them is what a cluster pulls for them, no image less and none
 * more.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ChartName, chartFixture, expectedImages, lacking } from '../../integration/render/charts.ts';
import { type CliResult, sealer, sealerJson } from '../../lab/cli.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { labEngine } from '../../lab/engine.ts';
import {
  hasRealK3s,
  LAB_KUBERNETES_VERSION,
  labClusterImage,
  needsCluster,
} from '../../lab/kubernetes/cluster-image.ts';
import { CHART_IMAGES_NEED, pushChartImages } from '../../lab/operator/chart-images.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';

interface Built {
  readonly platforms: readonly { readonly images: readonly { readonly reference: string }[] }[];
}

interface Verified {
  readonly ok: boolean;
  readonly used: readonly string[];
  readonly missing: readonly object[];
  readonly unused: readonly object[];
}

const CHARTS: readonly ChartName[] = ['operator', 'webshop', 'monitoring'];

/** Which images a chart has depends on the version of Kubernetes. */
const VERSION_LABEL = `LABEL cluster.alpha.sealer.io/cluster-runtime-version=v${LAB_KUBERNETES_VERSION}`;

// The chart's own tests are run as well: their images are part of it.
const KUBEFILE = `FROM scratch
${VERSION_LABEL}
APP --values=registry.yaml operator operator
APPCMDS operator ["helm upgrade --install operator . -f ../../values/operator/0-0-registry.yaml", "helm test operator"]
APP --values=webshop/values.test.yaml,registry.yaml webshop webshop
APP --values=registry.yaml monitoring monitoring
LAUNCH ["operator", "webshop", "monitoring"]
`;

const webshop = (...values: readonly string[]) => `FROM scratch
${VERSION_LABEL}
APP --values=${values.join()} webshop webshop
LAUNCH ["webshop"]
`;

const SKIP = needsCluster() || tooNew() || CHART_IMAGES_NEED || needs('docker-registry') || (await lacking('helm'));

describe('the images of large charts', { skip: SKIP, timeout: 600_000 }, () => {
  const resources = new AsyncDisposableStack();
  let clusterImage: string;
  let registry: string;
  let folder: string;
  let home: string;
  let env: Readonly<Record<string, string>>;

  const run = (...args: string[]): Promise<CliResult> => sealer(args, { home, cwd: folder, env });
  const build = async (kubefile: string): Promise<readonly string[]> => {
    const args = ['build', '-f', kubefile, '-t', `lab:${kubefile.toLowerCase()}`, '.'];
    const { platforms } = await sealerJson<Built>(args, { home, cwd: folder, env });
    return platforms.flatMap(({ images }) => images.map(({ reference }) => reference)).sort();
  };
  /** What a cluster pulls when the charts take their images from the test's registry. */
  const expected = (...charts: readonly ChartName[]) =>
    charts
      .flatMap(expectedImages)
      .map((name) => name.replace('registry.example.com', registry))
      .sort();

  before(async () => {
    const engine = resources.use(await labEngine());
    assert.equal(engine.skip, false);
    clusterImage = await labClusterImage(engine);
    env = { ...engine.env, PATH: process.env.PATH ?? '' };
    registry = resources.use(await startDockerRegistry()).address;
    await pushChartImages(registry, expected(...CHARTS));
    folder = resources.use(await temporaryFolder('charts')).path;
    home = join(folder, 'home');
    for (const name of CHARTS) writeFiles(folder, Object.fromEntries(await chartFixture(name, name)));
    // The API server of the lab, built with a Go that is younger than it, takes an empty default for null and refuses it.
    const crd = join(folder, 'operator/crds/databases.yaml');
    if (!hasRealK3s()) writeFileSync(crd, readFileSync(crd, 'utf8').replace(', default: ""', ''));
    writeFiles(folder, {
      Kubefile: KUBEFILE,
      Webshop: webshop('webshop/values.test.yaml', 'registry.yaml'),
      WithoutSearch: webshop('webshop/values.test.yaml', 'registry.yaml', 'without-search.yaml'),
      'registry.yaml': `global: {imageRegistry: "${registry}"}\n`,
      'without-search.yaml': 'search: {enabled: false}\n',
      // Where the operator's publisher has its images, by the chart's annotations; nobody outside is to be asked.
      'sealer.yaml': `images: {replace: [{from: registry.example.com/, to: ${registry}/nowhere/}]}\n`,
    });
  });
  after(() => resources.disposeAsync());

  test('a build without a recording finds what the cluster will pull', async () => {
    assert.deepEqual(await build('Kubefile'), expected(...CHARTS));
  });

  test('the cluster asks for each of them, and for nothing else', async () => {
    const cluster = ['--cluster-image', clusterImage, '--cluster-timeout', '4m', '--cluster-settle', '5s'];
    const verified = await run('verify', ...cluster, '--json', 'lab:kubefile');
    assert.equal(verified.code, 0, verified.stderr);
    const { ok, missing, unused, used } = JSON.parse(verified.stdout) as Verified;
    assert.deepEqual({ ok, missing, unused }, { ok: true, missing: [], unused: [] });
    assert.deepEqual([...used].sort(), expected(...CHARTS));
  });

  test('a subchart that is switched off takes away its image, and no other', async () => {
    const all = await build('Webshop');
    const without = await build('WithoutSearch');
    assert.deepEqual(all, expected('webshop'));
    assert.deepEqual(
      without,
      all.filter((name) => name !== `${registry}/shop/search:8.15.0`),
    );
    assert.equal(without.length, all.length - 1);
  });
});

/** A k3s of the machine's own choice may be of a version for which the charts have other images. */
function tooNew(): string | false {
  const minor = /:v1\.(\d+)\./.exec(process.env.SEALER_TEST_K3S_IMAGE ?? '')?.[1];
  return minor !== undefined && Number(minor) >= 25 && 'the lists are those of a Kubernetes before 1.25';
}
