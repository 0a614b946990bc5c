/** What people bring from the Go sealer v0.11: its images and its Clusterfiles. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Plan } from '../../../src/cluster/index.ts';
import { PROJECT, sealer, sealerJson } from '../../lab/cli.ts';
import { LAB_PASSWORDS, needsHosts } from '../../lab/hosts/index.ts';
import { folderOf } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { GO_IMAGES, goSealerArchive } from './go-sealer-image.ts';
import { labCluster } from './lab-cluster.ts';

const IMAGE = 'docker.io/sealerio/kubernetes:v1.20.2';

test('the Go sealer: its image and its Clusterfile', {
  skip: needsHosts() || needs('docker-registry', 'crane', 'tar', 'gzip'),
}, async (t) => {
  await using on = await labCluster({ count: 1, prefix: 'go' }, async () => {});
  const folder = await folderOf(t, 'go-sealer');
  const store = { home: join(on.home, 'store') };
  const [address = ''] = on.addresses;

  await t.test('its image is loaded and inspected', async () => {
    const archive = await goSealerArchive(folder, IMAGE);
    const loaded = await sealer(['load', '-i', archive], store);
    assert.equal(loaded.code, 0, loaded.stderr);
    const spec = await sealerJson<{
      imageExtension: { type: string };
      containerImageList: readonly { image: string }[];
    }>(['inspect', IMAGE], store);
    assert.equal(spec.imageExtension.type, 'kube-installer');
    assert.deepEqual(spec.containerImageList.map(({ image }) => image).sort(), [...GO_IMAGES].sort());
  });

  await t.test('its plan is printed', async () => {
    const printed = await on.sealer('run', IMAGE, '--masters', address, '--dry-run', '--skip-checks');
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, /Kubernetes v1\.20\.2, kubeadm/);
    const { steps } = await on.json<Plan>('run', IMAGE, '--masters', address, '--dry-run');
    const kinds = steps.map(({ kind }) => kind);
    for (const kind of ['distribute', 'registry', 'prepare', 'init', 'launch', 'wait'] as const) {
      assert.ok(kinds.includes(kind), `${kind} in ${kinds}`);
    }
  });

  await t.test('a Clusterfile of its documentation is taken as it is', async () => {
    const documented = await readFile(join(PROJECT, 'test/fixtures/clusterfiles/go-documented.yaml'), 'utf8');
    const file = join(folder, 'Clusterfile');
    const ours = documented
      .replaceAll('172.16.0.197', address)
      .replace('docker.io/sealerio/kubernetes:v1.22.15', IMAGE)
      .replace('/root/.ssh/id_rsa', on.lab.keys.privateKey);
    await writeFile(file, ours);
    const env = { SEALER_HOME: store.home, SSH_PASSWORD: LAB_PASSWORDS.root };
    const args = ['--known-hosts', on.lab.keys.knownHosts, '-f', file, '--dry-run'];
    for (const command of ['run', 'apply']) {
      const printed = await sealer([command, ...args], { home: on.home, env });
      assert.equal(printed.code, 0, printed.stderr);
      assert.match(printed.stdout, /default-kubernetes-cluster: docker\.io\/sealerio\/kubernetes:v1\.20\.2/);
      assert.match(printed.stdout, /Run the plugins of pre-init-host/);
      assert.match(printed.stdout, /Write configuration/);
    }
    const secretless = await sealer(['run', ...args], { home: on.home, env: { SEALER_HOME: store.home } });
    assert.equal(secretless.code, 1);
    assert.match(secretless.stderr, /ENV_MISSING[\s\S]*SSH_PASSWORD[\s\S]*Clusterfile:\d+/);
  });
});
