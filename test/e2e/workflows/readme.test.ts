/** The workflows that README.md prints, run exactly as they are printed. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { needs } from '../../lab/tools.ts';
import { dispatch, push, schedule } from '../../lab/workflow/events.ts';
import { PROJECT, printedWorkflows } from '../../lab/workflow/ours.ts';
import { GHCR_TOOLS } from './ghcr.ts';
import { openPrinted, type PrintedSetting, REPOSITORY } from './printed.ts';

/** By the name of each printed workflow, the test beside this one that runs it. */
const RUN_BY: Readonly<Record<string, string>> = {
  'cluster image': 'readme.test.ts',
  'base images': 'readme.test.ts',
  preview: 'preview.test.ts',
};

test('every workflow that is printed is run by a test', () => {
  const page = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const names = printedWorkflows(page).map(({ name }) => name.replace('README.md: ', ''));
  assert.deepEqual(names.sort(), Object.keys(RUN_BY).sort());
  for (const file of Object.values(RUN_BY)) assert.ok(existsSync(join(import.meta.dirname, file)), file);
});

/** A pod whose container's image is in the registry. */
const POD = `apiVersion: v1
kind: Pod
metadata: { name: web }
spec: { containers: [{ name: web, image: "ghcr.io/${REPOSITORY}/web:v1" }] }
`;

/** As a published base image looks to a build. */
const K3S = (version: string): string => `FROM scratch
LABEL cluster.alpha.sealer.io/cluster-runtime-type=k3s cluster.alpha.sealer.io/cluster-runtime-version=${version}
COPY k3s bin/k3s
`;

suite('README', { skip: needs(...GHCR_TOOLS) }, () => {
  let setting: PrintedSetting;
  before(async () => {
    setting = await openPrinted();
  });
  after(() => setting[Symbol.asyncDispose]());

  const publish = async (name: string, files: Readonly<Record<string, string>>, ...flags: string[]): Promise<void> => {
    const built = await setting.ghcr.cli(['build', '--quiet', '--push', ...flags, '-t', name, '.'], files);
    assert.equal(built.code, 0, built.stderr);
  };

  test('build and push: a push to main ends with the image in ghcr.io, all container images in it', async () => {
    await publish(`ghcr.io/${REPOSITORY}/web:v1`, { Kubefile: 'FROM scratch\nCOPY web /web\n', web: 'a program' });
    const files = { Kubefile: 'FROM scratch\nAPP shop manifests\nLAUNCH ["shop"]\n', 'manifests/pod.yaml': POD };
    const run = await setting.run('cluster image', files, push());
    assert.ok(run.success, run.log);
    const digest = await setting.ghcr.digestOf(`ghcr.io/${REPOSITORY}/shop:v1`);
    assert.match(digest ?? '', /^sha256:/);
    const [cell] = run.jobs.build?.cells ?? [];
    assert.ok(cell?.summary.includes(digest ?? '?'), cell?.summary);
    assert.ok(cell?.summary.includes(`ghcr.io/${REPOSITORY}/web:v1`));
    assert.doesNotMatch(run.log, /ghs_token/, 'the token is masked');
    assert.deepEqual(new Set(setting.ghcr.asked), new Set(['ghcr.io']));
  });

  test('scheduled base images: each version for both architectures, and nothing new a week later', async () => {
    for (const version of ['v1.34', 'v1.33']) {
      const files = { Kubefile: K3S(version), k3s: `k3s ${version}` };
      await publish(`ghcr.io/sealer/k3s:${version}`, files, '--platform', 'linux/amd64', '--platform', 'linux/arm64');
    }
    const kubefile = /```dockerfile\n(ARG KUBERNETES\n[\s\S]*?)```/.exec(
      readFileSync(join(PROJECT, 'README.md'), 'utf8'),
    )?.[1];
    const files = { 'base/Kubefile': kubefile ?? '', 'base/ca.crt': 'a certificate' };
    const run = await setting.run('base images', files, schedule('17 3 * * 1'));
    assert.ok(run.success, run.log);
    assert.equal(run.jobs.build?.cells.length, 2);
    const digests = await Promise.all(
      ['v1.34', 'v1.33'].map((tag) => setting.ghcr.digestOf(`ghcr.io/${REPOSITORY}/base:${tag}`)),
    );
    assert.equal(new Set(digests).size, 2);
    const inspected = await setting.ghcr.cli(['inspect', '--json', `ghcr.io/${REPOSITORY}/base:v1.33`]);
    assert.match(inspected.stdout, /arm64/);

    const again = await setting.run('base images', files, dispatch());
    assert.ok(again.success, again.log);
    assert.deepEqual(
      await Promise.all(['v1.34', 'v1.33'].map((tag) => setting.ghcr.digestOf(`ghcr.io/${REPOSITORY}/base:${tag}`))),
      digests,
    );
  });
});
