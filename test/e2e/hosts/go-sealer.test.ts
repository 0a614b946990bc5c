/** What people bring from the Go sealer v0.11: its images and its Clusterfiles. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Plan } from '../../../src/cluster/index.ts';
import { PROJECT, sealer, sealerJson } from '../../lab/cli.ts';
import { copyOfBaseImages, LAB_IMAGES, LAB_PASSWORDS, needsBaseImages, needsHosts } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { GO_IMAGES, goSealerArchive } from './go-sealer-image.ts';
import { labCluster, remember, unchanged } from './lab-cluster.ts';

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
    const file = await documentedClusterfile(folder, address, on.lab.keys.privateKey);
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

test('the Go sealer: a Clusterfile of its documentation makes a cluster', {
  skip: unlessLong(needsBaseImages()),
}, async (t) => {
  await using on = await labCluster({ count: 1, prefix: 'goapply' }, copyOfBaseImages);
  const folder = await folderOf(t, 'go-clusterfile');
  const [address = ''] = on.addresses;
  const before = await remember(on.lab.hosts);
  const file = await documentedClusterfile(folder, address, on.lab.keys.privateKey);
  const env = { SEALER_HOME: join(on.home, 'store'), SSH_PASSWORD: LAB_PASSWORDS.root };
  const run = (...args: readonly string[]) => sealer([...args], { home: on.home, env });
  const known = ['--known-hosts', on.lab.keys.knownHosts, '-f', file];
  const apply = ['apply', ...known, '--no-wait', '--json'];

  await t.test('it is applied to an image with what it changes', async () => {
    const context = join(folder, 'context');
    writeFiles(context, IMAGE_FILES);
    const built = await run('build', '--offline', '-t', IMAGE, context);
    assert.equal(built.code, 0, built.stderr);
    // It launches no app, not even the network: so its one node does not get Ready.
    const applied = await run(...apply);
    assert.equal(applied.code, 0, applied.stderr);
  });

  await t.test('plugins of both vocabularies, configs and kubeadm documents did what they say', async () => {
    const said = async (command: string) => (await on.host(0).exec(['sh', '-c', command])).stdout;
    assert.equal((await said('hostname')).trim(), 'master-0');
    const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
    assert.doesNotMatch(await said(`${kubectl} get nodes -o jsonpath='{.items[*].spec.taints}'`), /node-role/);
    assert.match(
      await said(`${kubectl} -n kube-system get cm kubeadm-config -o yaml`),
      /serviceSubnet: 10\.96\.0\.0\/16/,
    );
    assert.notEqual((await said('stat -c %s /var/lib/etcd-backup/snapshot.db')).trim(), '0');
    const rootfs = '/var/lib/sealer/default-kubernetes-cluster/rootfs/*';
    const config = /config: (\S+)/.exec(await said(`cat ${rootfs}/etc/mysql.yaml`))?.[1] ?? '';
    assert.deepEqual(JSON.parse(Buffer.from(config, 'base64').toString()), { username: 'root', passwd: 'xxx' });
    assert.match(await said(`cat ${rootfs}/application/apps/mysql/mysql.yaml`), /mysql-passwd: xxx/);
    assert.match(await said(`cat ${rootfs}/application/apps/yamlapp/merge.yaml`), /namespace: test-namespace/);
  });

  await t.test('applied again it changes nothing; deleted, it leaves the backup alone', async () => {
    const again = await run(...apply);
    assert.equal((JSON.parse(again.stdout) as { changed: boolean }).changed, false, again.stderr);
    const deleted = await run('delete', ...known, '--all', '--yes');
    assert.equal(deleted.code, 0, deleted.stderr);
    await on.host(0).exec(['rm', '-r', '/var/lib/etcd-backup']);
    await unchanged(on.lab.hosts, before);
  });
});

/** What the documented Clusterfile is about. */
const IMAGE_FILES = {
  Kubefile: `FROM ${LAB_IMAGES['v1.20.2'].base}
COPY etc etc
COPY scripts scripts
APP mysql mysql
APPCMDS mysql ["sh install.sh"]
APP yamlapp merge.yaml
LAUNCH ["network", "mysql"]
`,
  'etc/mysql.yaml': 'config: {}\n',
  'scripts/pre_init_disk.sh': 'true\n',
  'mysql/install.sh': 'true\n',
  'mysql/mysql.yaml': 'mysql-user: nobody\n',
  'merge.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: yamlapp }\n',
} as const;

/** The documentation's, with the address, key and version of what we have. */
async function documentedClusterfile(folder: string, address: string, key: string): Promise<string> {
  const documented = await readFile(join(PROJECT, 'test/fixtures/clusterfiles/go-documented.yaml'), 'utf8');
  const file = join(folder, 'Clusterfile');
  const ours = documented
    .replaceAll('172.16.0.197', address)
    .replace('docker.io/sealerio/kubernetes:v1.22.15', IMAGE)
    .replace('kubernetesVersion: v1.22.15', 'kubernetesVersion: v1.20.2')
    .replace('/root/.ssh/id_rsa', key);
  await writeFile(file, ours);
  return file;
}
