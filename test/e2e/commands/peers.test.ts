/**
 * What the command line writes, read by tools of other people: skopeo, umoci, crane, docker-registry and containerd.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sealer, sealerJson } from '../../lab/cli.ts';
import { pushContainerImage, pushIndex } from '../../lab/container-image.ts';
import { pullWithContainerd } from '../../lab/containerd.ts';
import { type DockerRegistry, startDockerRegistry } from '../../lab/docker-registry.ts';
import { noise, temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';

const skip = needs('skopeo', 'umoci', 'crane', 'docker-registry', 'tar');

interface Bundled {
  readonly reference: string;
  readonly digest: string;
}

describe('a cluster image, read by others', { skip }, () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let upstream: DockerRegistry;
  let cluster: string;
  let digest: string;
  const bundled: Bundled[] = [];

  before(async () => {
    folder = resources.use(await temporaryFolder('peers')).path;
    upstream = resources.use(await startDockerRegistry());
    cluster = `${upstream.address}/clusters/shop:v1`;
    await pushUpstream();
    writeContext(join(folder, 'context'));
    const built = await sealerJson<{ digest: string }>(
      ['build', '-t', cluster, '--platform', 'linux/amd64,linux/arm64', join(folder, 'context')],
      { home: join(folder, 'home') },
    );
    digest = built.digest;
    const pushed = await sealerJson<{ digest: string }>(['push', cluster], { home: join(folder, 'home') });
    assert.equal(pushed.digest, digest);
  });
  after(() => resources.disposeAsync());

  /** Names that trip up naive tools: one repository in two registries, Docker's format, a digest instead of a tag. */
  async function pushUpstream(): Promise<void> {
    const localhost = upstream.address.replace('127.0.0.1', 'localhost');
    for (const [host, name, format] of [
      [upstream.address, 'library/web:1.25', 'oci'],
      [upstream.address, 'old/api:v2', 'docker'],
      [localhost, 'library/web:1.25-other', 'oci'],
    ] as const) {
      bundled.push({ reference: `${host}/${name}`, digest: await pushForBoth(`${upstream.address}/${name}`, format) });
    }
    const pinned = await pushForBoth(`${upstream.address}/pinned/job:v1`);
    bundled.push({ reference: `${upstream.address}/pinned/job@${pinned}`, digest: pinned });
  }

  async function pushForBoth(reference: string, format: 'oci' | 'docker' = 'oci'): Promise<string> {
    for (const arch of ['amd64', 'arm64']) {
      await pushContainerImage(`${reference}-${arch}`, {
        layers: [{ [arch]: noise(2_000_000, reference.replace(/:.*?\//, '') + arch) }, { small: arch }],
        platform: `linux/${arch}`,
        format,
      });
    }
    return pushIndex(reference, [`${reference}-amd64`, `${reference}-arm64`]);
  }

  function writeContext(context: string): void {
    writeFiles(
      context,
      {
        Kubefile: `FROM scratch
COPY bin bin/
COPY manifests manifests/
APP jobs jobs
ENV GREETING="hello world"
LABEL team=shop
LAUNCH ["jobs"]
`,
        'bin/tool': '#!/bin/sh\necho tool\n',
        'manifests/shop.yaml': `apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec: {template: {spec: {containers: [{name: web, image: "${bundled[0]?.reference}"}]}}} # in flow style, with a comment
- apiVersion: v1
  kind: Pod
  metadata: {name: api}
  spec:
    initContainers:
    - {name: init, image: '${bundled[1]?.reference}'}
    containers: []
`,
        'manifests/imageList': `# more\n${bundled[2]?.reference}\n`,
        'jobs/job.yaml': `apiVersion: batch/v1
kind: CronJob
metadata: {name: job}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job, image: ${bundled[3]?.reference}}]}}}}}
`,
      },
      ['bin/tool'],
    );
  }

  test('skopeo inspects it', async () => {
    const seen = JSON.parse(await runTool('skopeo', ['inspect', '--tls-verify=false', `docker://${cluster}`]));
    assert.equal(seen.Digest, digest);
    assert.equal(seen.Labels.team, 'shop');
    assert.ok(seen.Env.includes('GREETING=hello world'));
  });

  test('skopeo copies all of it, and its digest stays', async () => {
    const copy = join(folder, 'copy');
    await runTool('skopeo', [
      'copy',
      '-q',
      '--all',
      '--src-tls-verify=false',
      `docker://${cluster}`,
      `oci:${copy}:shop`,
    ]);
    const index = JSON.parse(readFileSync(join(copy, 'index.json'), 'utf8'));
    assert.equal(index.manifests[0].digest, digest);
    const platforms = JSON.parse(readFileSync(join(copy, 'blobs', 'sha256', digest.slice(7)), 'utf8')).manifests;
    assert.deepEqual(
      platforms.map((each: { platform: { architecture: string } }) => each.platform.architecture),
      ['amd64', 'arm64'],
    );
  });

  test('crane finds it valid', async () => {
    await runTool('crane', ['validate', '--insecure', '--remote', cluster]);
  });

  test('skopeo reads the store itself, which is an OCI layout', async () => {
    const seen = await runTool('skopeo', ['inspect', '--raw', `oci:${join(folder, 'home')}:${cluster}`]);
    assert.equal(JSON.parse(seen).manifests.length, 2);
  });

  for (const platform of ['linux/amd64', 'linux/arm64']) {
    describe(`unpacked by umoci for ${platform}`, () => {
      let rootfs: string;
      const arch = platform.slice('linux/'.length);
      const layoutOf = () => join(folder, `one-${arch}`);
      before(async () => {
        const layout = layoutOf();
        await runTool('skopeo', [
          '--override-arch',
          arch,
          'copy',
          '-q',
          '--src-tls-verify=false',
          `docker://${cluster}`,
          `oci:${layout}:one`,
        ]);
        await runTool('umoci', ['unpack', '--rootless', '--image', `${layout}:one`, join(folder, `bundle-${arch}`)]);
        rootfs = join(folder, `bundle-${arch}`, 'rootfs');
      });

      test('the tree is as expected', () => {
        assert.deepEqual(readdirSync(rootfs).sort(), ['application', 'bin', 'manifests', 'registry']);
        assert.equal(readFileSync(join(rootfs, 'bin/tool'), 'utf8'), '#!/bin/sh\necho tool\n');
        assert.equal(statSync(join(rootfs, 'bin/tool')).mode & 0o777, 0o755);
        assert.equal(statSync(join(rootfs, 'manifests/shop.yaml')).mode & 0o777, 0o644);
        assert.deepEqual(readdirSync(join(rootfs, 'application/apps')), ['jobs']);
      });

      test('every large blob of the registry is in one layer, once', async () => {
        const at = (digest: string) => join(layoutOf(), 'blobs', 'sha256', digest.slice('sha256:'.length));
        const [{ digest: manifest }] = JSON.parse(readFileSync(join(layoutOf(), 'index.json'), 'utf8')).manifests;
        const large: string[] = [];
        for (const { digest } of JSON.parse(readFileSync(at(manifest), 'utf8')).layers) {
          for (const line of (await runTool('tar', ['-tvzf', at(digest)])).split('\n')) {
            const [, size, blob] = /^-\S+ +\S+ +(\d+) .*\/(\w+)\/data$/.exec(line) ?? [];
            if (blob !== undefined && Number(size) > 1_000_000) large.push(blob);
          }
        }
        assert.equal(large.length, bundled.length, 'one of each image');
        assert.equal(new Set(large).size, large.length);
      });

      test('every link file of the registry is 71 bytes', () => {
        const files = readdirSync(join(rootfs, 'registry'), { recursive: true, withFileTypes: true }).filter((each) =>
          each.isFile(),
        );
        const links = files.filter((each) => each.name === 'link');
        assert.ok(links.length > 0);
        for (const link of links)
          assert.match(readFileSync(join(link.parentPath, link.name), 'utf8'), /^sha256:[0-9a-f]{64}$/);
      });

      test('docker-registry serves that folder as it is: crane and skopeo pull every image by its name', async () => {
        await using served = await startDockerRegistry({ root: join(rootfs, 'registry'), readOnly: true });
        for (const { reference, digest: expected } of bundled) {
          const there = `${served.address}/${repositoryOf(reference)}`;
          assert.equal((await runTool('crane', ['digest', '--insecure', there])).trim(), expected, reference);
          await runTool('crane', ['pull', '--insecure', '--platform', platform, there, join(folder, 'pulled.tar')]);
          await runTool('crane', ['validate', '--tarball', join(folder, 'pulled.tar')]);
          const copy = ['--override-arch', platform.slice('linux/'.length), 'copy', '-q', '--src-tls-verify=false'];
          await runTool('skopeo', [...copy, `docker://${there}`, `dir:${join(folder, 'pulled-dir')}`]);
        }
      });

      const noContainerd = needs('containerd', 'ctr');
      test('containerd pulls every image by its original name through a mirror', { skip: noContainerd }, async () => {
        await using served = await startDockerRegistry({ root: join(rootfs, 'registry'), readOnly: true });
        const seen = await pullWithContainerd(
          bundled.map((each) => each.reference),
          { mirror: (host) => `http://${served.address}/v2/${hostPath(host)}`, platform },
        );
        assert.deepEqual(
          seen,
          bundled.map((each) => each.digest),
        );
      });
    });
  }

  test('an archive of it is read by skopeo, and one of skopeo is read by us', async () => {
    const archive = join(folder, 'shop.tar');
    const saved = await sealer(['save', '-o', archive, cluster], { home: join(folder, 'home') });
    assert.equal(saved.code, 0, saved.stderr);
    await runTool('skopeo', [
      'copy',
      '-q',
      '--all',
      `oci-archive:${archive}`,
      `oci-archive:${join(folder, 'theirs.tar')}:${cluster}`,
    ]);
    const loaded = await sealer(['load', '-i', join(folder, 'theirs.tar')], { home: join(folder, 'loaded') });
    assert.equal(loaded.code, 0, loaded.stderr);
    const seen = await sealerJson<{ digest: string }>(['inspect', cluster], { home: join(folder, 'loaded') });
    assert.equal(seen.digest, digest);
  });
});

/** Where the cluster image keeps a reference: its registry's host is the first part of the path; `:` cannot be in one. */
function repositoryOf(reference: string): string {
  const slash = reference.indexOf('/');
  return `${hostPath(reference.slice(0, slash))}${reference.slice(slash)}`;
}

function hostPath(host: string): string {
  return host.replace(':', '_');
}
