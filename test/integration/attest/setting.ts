/** A small cluster image with everything that an SBOM tells of, for two platforms. */

import type { BuildResult } from '../../../src/build/index.ts';
import { type Digest, parseDigest } from '../../../src/oci/digest.ts';
import { gzipLayer, makeImage, makeIndex } from '../../unit/cluster-image/image-maker.ts';
import { packed } from '../build/charts-setting.ts';
import { AMD64, ARM64, openSetting, type Setting, startRegistry } from '../build/setting.ts';

export interface BuiltSetting extends AsyncDisposable {
  readonly setting: Setting;
  readonly result: BuildResult;
  /** `127.0.0.1:port/team/web:1` */
  readonly webImage: string;
  /** Of the index that the image's name stands for. */
  readonly webDigest: Digest;
}

export const ELF = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), Buffer.alloc(100, 1)]);

/** Builds it: an image of two platforms, a chart as a folder and one packed, a program, a script. */
export async function buildCluster(): Promise<BuiltSetting> {
  await using stack = new AsyncDisposableStack();
  const setting = stack.use(await openSetting());
  const registry = stack.use(await startRegistry());
  const web = makeIndex({
    'linux/amd64': makeImage([gzipLayer('a', 2000)], 'linux/amd64'),
    'linux/arm64': makeImage([gzipLayer('b', 2000)], 'linux/arm64'),
  });
  const webDigest = parseDigest(await registry.push('team/web:1', web));
  const webImage = `${registry.address}/team/web:1`;
  const inner = archive({ 'inner/Chart.yaml': chart('inner', '0.1.0') });
  const outer = archive({ 'outer/Chart.yaml': chart('outer', '2.0.0'), 'outer/charts/inner-0.1.0.tgz': inner });
  const result = await setting.build(
    {
      Kubefile: 'FROM scratch\nARG VERSION\nCOPY . .\nLABEL cluster.alpha.sealer.io/cluster-runtime-type=k3s\n',
      'bin/kubectl': ELF,
      'bin/helper': '#!/bin/sh\n',
      'opt/lib/tool': ELF,
      'etc/notes.txt': 'no program',
      'charts/shop/Chart.yaml': `${chart('shop', '1.2.3')}appVersion: "9"\nannotations: {artifacthub.io/license: Apache-2.0}\n`,
      'charts/outer-2.0.0.tgz': outer,
      'opt/no-chart.tgz': archive({ 'readme.txt': 'hello' }),
      'manifests/web.yaml': `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "${webImage}"}]}\n`,
    },
    { platforms: [AMD64, ARM64], buildArgs: { VERSION: 'value-that-stays-out' } },
  );
  const kept = stack.move();
  return { setting, result, webImage, webDigest, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function archive(files: Readonly<Record<string, string | Buffer>>): Buffer {
  return packed(Object.entries(files).map(([path, content]) => ({ path, content })));
}

function chart(name: string, version: string): string {
  return `apiVersion: v2\nname: ${name}\nversion: ${version}\n`;
}
