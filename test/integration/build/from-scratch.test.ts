import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseExtension } from '../../../src/cluster-image/index.ts';
import { writeFiles } from '../../lab/scratch.ts';
import { AMD64, ARM64, openSetting } from './setting.ts';

test('a COPY of folders and files lands as docker puts it, with portable modes', async () => {
  await using setting = await openSetting();
  await mkdir(join(setting.context, 'etc/empty'), { recursive: true });
  writeFiles(setting.context, { 'etc/a.conf': 'a', 'bin/tool': '#!/bin/sh\n', 'bin/link': '' }, ['bin/tool']);
  await symlink('tool', join(setting.context, 'bin/alias'));
  await chmod(join(setting.context, 'etc/a.conf'), 0o600);
  const result = await setting.build({
    Kubefile: 'FROM scratch\nCOPY etc etc\nCOPY bin/* bin/\nCOPY etc/a.conf /x/y/b.conf\n',
  });
  assert.deepEqual(await setting.layer(result, 0), { etc: '755/', 'etc/a.conf': 'a', 'etc/empty': '755/' });
  assert.deepEqual(await setting.layer(result, 1), {
    bin: '755/',
    'bin/alias': '#!/bin/sh\n',
    'bin/alias mode': '755',
    'bin/link': '',
    'bin/tool': '#!/bin/sh\n',
    'bin/tool mode': '755',
  });
  assert.deepEqual(await setting.layer(result, 2), { x: '755/', 'x/y': '755/', 'x/y/b.conf': 'a' });
});

test('an index is made for one platform, and one manifest for each of several', async () => {
  await using setting = await openSetting();
  const files = {
    Kubefile: 'FROM scratch\nARG TARGETARCH\nCOPY $ARCH/ bin/\nENV A=$TARGETARCH\nCOPY all .\n',
    'amd64/x': 'amd',
    'arm64/x': 'arm',
    all: 'all',
  };
  const result = await setting.build(files, { platforms: [AMD64, ARM64] });
  const document = await setting.store.document(result.digest);
  assert.equal(document.kind, 'index');
  assert.deepEqual(document.kind === 'index' && document.index.manifests.map(({ platform }) => platform), [
    AMD64,
    ARM64,
  ]);
  assert.equal((await setting.files(result, 0))['bin/x'], 'amd');
  assert.equal((await setting.files(result, 1))['bin/x'], 'arm');
  assert.deepEqual((await setting.config(result, 1)).config?.Env, ['A=arm64']);
  assert.equal(
    result.platforms[0]?.layers[1]?.digest,
    result.platforms[1]?.layers[1]?.digest,
    'what is the same is one layer',
  );
  const single = await setting.build(files);
  assert.equal((await setting.store.document(single.digest)).kind, 'index');
  assert.equal(single.imageId, single.platforms[0]?.config);
});

test('the same context gives the same digest in another folder, with other times and umask', async () => {
  await using one = await openSetting();
  await using other = await openSetting();
  const files = {
    Kubefile: 'FROM scratch\nCOPY . /app/\nRUN umask && umask 077 && echo x > made && chmod 644 made\nLABEL b=2 a=1\n',
    'a/b': 'b',
    c: 'c',
  };
  const first = await one.build(files);
  const umask = process.umask(0o077);
  try {
    writeFiles(other.context, files);
    await utimes(join(other.context, 'c'), 1, 1);
    await chmod(join(other.context, 'a'), 0o700);
    assert.equal((await other.build(files)).digest, first.digest);
  } finally {
    process.umask(umask);
  }
});

test('config, annotations and extension say what the Kubefile says', async () => {
  await using setting = await openSetting();
  const result = await setting.build(
    {
      Kubefile: [
        'FROM scratch',
        'MAINTAINER me',
        'ENV A="hello world" B=$A',
        'LABEL x=1',
        'WORKDIR /opt',
        'KUBEVERSION ">=1.28"',
        'APP web web/',
        'APPENV web PORT=80',
        'CNI calico cni.yaml',
        'LAUNCH ["calico","web"]',
      ].join('\n'),
      'web/pod.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
      'cni.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\n',
    },
    { labels: { x: '2' }, annotations: { 'index:i': '1', m: '2' }, type: 'app-installer' },
  );
  const config = await setting.config(result);
  assert.equal(config.author, 'me');
  assert.equal(config.created, '1970-01-01T00:00:00Z');
  assert.deepEqual(config.config, {
    Env: ['A=hello world', 'B='],
    WorkingDir: '/opt',
    Labels: {
      'app.alpha.sealer.io/supported-kube-version': '>=1.28',
      'cluster.alpha.sealer.io/kube-cni-calico': 'true',
      'io.sealer.version': '1.2.3',
      x: '2',
    },
  });
  const layered = config.history?.filter((entry) => entry.empty_layer !== true) ?? [];
  assert.equal(layered.length, config.rootfs.diff_ids.length);
  const manifest = await setting.manifest(result);
  assert.equal(manifest.annotations?.m, '2');
  const extension = parseExtension(manifest);
  assert.equal(extension?.type, 'app-installer');
  assert.deepEqual(extension?.launch.app_names, ['calico', 'web']);
  assert.deepEqual(extension?.applications, [
    {
      name: 'web',
      type: 'kube',
      files: ['pod.yaml'],
      version: 'v1',
      env: { PORT: '80' },
      cmds: ['cd application/apps/web && kubectl apply --server-side -f pod.yaml'],
    },
    {
      name: 'calico',
      type: 'kube',
      files: ['cni.yaml'],
      version: 'v1',
      env: {},
      cmds: ['cd application/apps/calico && kubectl apply --server-side -f cni.yaml'],
    },
  ]);
  assert.deepEqual(
    manifest.layers.map((layer) => layer.annotations?.['sealer.layer']),
    ['rootfs', 'app', 'app'],
  );
  const index = await setting.store.document(result.digest);
  assert.equal(index.kind === 'index' && index.index.annotations?.i, '1');
});
