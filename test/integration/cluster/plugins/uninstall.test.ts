/** Plugins of a cluster that goes: this machine as its only host. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rootfsFolder } from '../../../../src/cluster/distribution/index.ts';
import type { KnownCluster } from '../../../../src/cluster/operations/known-cluster.ts';
import { uninstallPlugins } from '../../../../src/cluster/operations/uninstall-plugins.ts';
import { parsePlugins } from '../../../../src/clusterfile/index.ts';
import { localHost } from '../../../../src/hosts/index.ts';
import { silent } from '../../../../src/progress.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

const needsRoot = process.getuid?.() === 0 ? false : 'commands on hosts run as root';

test('plugins of the image and of the Clusterfile run around the end of a cluster, those before it once', {
  skip: needsRoot,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-uninstall-'));
  t.after(() => rm(folder, { recursive: true }));
  await using host = localHost({ env: process.env });
  const [home, log] = [join(folder, 'home'), join(folder, 'log')];
  const plugins = join(rootfsFolder(home, DIGEST), 'plugins');
  await mkdir(plugins, { recursive: true });
  await writeFile(join(plugins, 'say.yaml'), documentOf('image', log));
  await writeFile(join(plugins, 'program'), '#!/bin/sh\n', { mode: 0o755 });
  const known = {
    saved: { name: 'shop', image: { name: 'shop:v1', digest: DIGEST } },
    clusterfile: {
      cluster: { hosts: [], env: {} },
      plugins: parsePlugins(documentOf('own', log), 'Clusterfile').plugins,
    },
    ...{ home, masters: [host] },
  } as unknown as KnownCluster;
  const options = { reachable: [host], report: silent, signal: new AbortController().signal };
  const said = async () => (await readFile(log, 'utf8')).trim().split('\n');
  const first = await uninstallPlugins(known, options);
  await first.before();
  const before = ['image pre-clean-host', 'own pre-clean-host', 'image pre-uninstall', 'own pre-uninstall'];
  assert.deepEqual(await said(), before);
  // The reset failed, and the command is run again.
  const second = await uninstallPlugins(known, options);
  await second.before();
  assert.deepEqual(await said(), before);
  await second.after();
  const after = ['image post-uninstall', 'own post-uninstall', 'image post-clean-host', 'own post-clean-host'];
  assert.deepEqual(await said(), [...before, ...after]);
});

function documentOf(who: string, log: string): string {
  return `apiVersion: sealer.io/v1
kind: Plugin
metadata: { name: say }
spec:
  type: SHELL
  action: [pre-clean-host, pre-uninstall, post-uninstall, post-clean-host]
  data: echo "${who} $SEALER_PHASE" >> ${log}
`;
}
