/**
 * base-images.yml, run: its own steps with our command line, against a mirror of upstream, a registry and a sigstore on loopback. Only what
 * needs a machine of its own, the cluster of `boot`, is assumed.
 */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { folderStorage, type RunningRegistry, serveRegistry } from '../../../src/registry/server/index.ts';
import { type Mirror, startMirror } from '../../lab/base-images/mirror.ts';
import { upstreamFiles } from '../../lab/base-images/upstream.ts';
import { sealer } from '../../lab/cli.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { identityToken, type Sigstore, startSigstore } from '../../lab/sigstore/services.ts';
import { needs } from '../../lab/tools.ts';
import { dispatch, schedule } from '../../lab/workflow/events.ts';
import { type EndedRun, runWorkflow, type WorkflowRunOptions } from '../../lab/workflow/run-workflow.ts';
import { standIns } from '../../lab/workflow/stand-ins.ts';
import { copyTree, npmStandIn, pathWith } from '../../lab/workflow/tree.ts';

const FILE = '.github/workflows/base-images.yml';
const TOKEN = 'ghs_base_images_token';
const WORKFLOW = 'https://github.com/sealer/build/.github/workflows/base-images.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';
const CELL = 'images/k3s/versions.yaml';

suite('base-images.yml', { skip: needs('git', 'jq') }, () => {
  const stack = new AsyncDisposableStack();
  let root = '';
  let tree = '';
  let mirror: Mirror;
  let registry: RunningRegistry;
  let sigstore: Sigstore;
  let count = 0;

  before(async () => {
    root = stack.use(await temporaryFolder('base-images-workflow')).path;
    tree = join(root, 'tree');
    mirror = stack.use(await startMirror(await upstreamFiles()));
    const users = new Map([['octocat', TOKEN]]);
    sigstore = stack.use(await startSigstore());
    registry = stack.use(await serveRegistry({ storage: folderStorage(join(root, 'registry')), users }));
    copyTree(tree, (name, text) => {
      if (name === CELL) return text.replace(/^channels:.*$/m, 'channels: [stable]');
      if (name !== FILE) return text;
      return text.replace('REGISTRY: ghcr.io', `REGISTRY: ${registry.address}`);
    });
    const folder = join(tree, 'images');
    const updated = await sealer(['images', 'versions', 'k3s', '--update', '--folder', folder, ...mirror.flags], {
      home: join(root, 'update'),
    });
    assert.equal(updated.code, 0, updated.stderr);
  });
  after(() => stack.disposeAsync());

  const run = (more: Partial<WorkflowRunOptions>): Promise<EndedRun> => {
    const artifacts = join(root, 'artifacts');
    const { resolver } = standIns({
      ...{ tree, release: tree, artifacts },
      others: { 'actions/attest': async () => ({ code: 0, outputs: new Map() }) },
    });
    count += 1;
    const home = join(root, `home-${count}`);
    return runWorkflow({
      ...{ tree, file: FILE, resolver, runtime: {}, happening: schedule('23 3 * * 1,4') },
      folder: join(root, `jobs-${count}`),
      env: {
        HOME: home,
        SEALER_HOME: join(home, 'store'),
        // In the place of GitHub's, which certify what the job's own token says.
        SIGSTORE_ID_TOKEN: identityToken(WORKFLOW, ISSUER),
        SEALER_FULCIO_URL: sigstore.address,
        SEALER_REKOR_URL: sigstore.address,
        SEALER_MIRRORS: Object.entries(mirror.mirrors)
          .map((each) => each.join('='))
          .join(','),
      },
      path: pathWith(join(root, 'bin'), { npm: npmStandIn(join(root, 'told')) }),
      setting: { token: TOKEN },
      ...more,
    });
  };
  const outputs = (run: EndedRun) => run.jobs.prepare?.outputs ?? {};
  const TYPE = 'application/vnd.oci.image.index.v1+json';
  const authorization = `Basic ${Buffer.from(`octocat:${TOKEN}`).toString('base64')}`;
  const manifest = (tag: string, body?: string): Promise<Response> =>
    fetch(`${registry.url}/v2/sealer/k3s/manifests/${tag}`, {
      headers: { authorization, accept: TYPE, ...(body === undefined ? {} : { 'content-type': TYPE }) },
      ...(body === undefined ? {} : { method: 'PUT', body }),
    });
  const digestOf = async (tag: string): Promise<string | null> => {
    const answer = await manifest(tag);
    await answer.body?.cancel();
    return answer.ok ? answer.headers.get('docker-content-digest') : null;
  };

  test('every cell is built on a machine of its kind and pushed without a name', async () => {
    const built = await run({ only: ['prepare', 'build'] });
    assert.ok(built.success, built.log);
    assert.equal(outputs(built).count, '2');
    assert.deepEqual(
      built.jobs.build?.cells.map(({ result }) => result),
      ['success', 'success'],
    );
    assert.equal(await digestOf('v1.20.2'), null);
    assert.ok(!built.log.includes(TOKEN), 'the token is nowhere');
  });

  /** The jobs after the build, whose artifacts are there. */
  const publish = async (): Promise<EndedRun> => {
    const prepared = await run({ only: ['prepare'] });
    assert.ok(prepared.success, prepared.log);
    planned = outputs(prepared);
    return await run({ only: ['publish'], assumed: { prepare: { outputs: planned } } });
  };
  let planned: EndedRun['jobs'][string]['outputs'] = {};

  test('what has not booted is not published', async () => {
    cpSync(join(root, 'artifacts/built-0'), join(root, 'artifacts/booted-0'), { recursive: true });
    const failed = await publish();
    assert.equal(failed.jobs.publish?.result, 'failure');
    assert.equal(await digestOf('v1.20.2-r1'), null);
  });

  test('what has booted is joined, pulled back, and named: the revision, the version, the minor version', async () => {
    cpSync(join(root, 'artifacts/built-1'), join(root, 'artifacts/booted-1'), { recursive: true });
    const published = await publish();
    assert.ok(published.success, published.log);
    const digest = await digestOf('v1.20.2-r1');
    assert.ok(digest);
    assert.deepEqual([await digestOf('v1.20.2'), await digestOf('v1.20')], [digest, digest]);
    assert.ok(!published.log.includes(TOKEN), 'the token is nowhere');
  });

  test('what is published is signed by the workflow, and each platform has an SBOM', async () => {
    const auth = Buffer.from(`octocat:${TOKEN}`).toString('base64');
    const [logins, trusted] = [join(root, 'auth.json'), join(root, 'trusted-root.json')];
    writeFileSync(logins, JSON.stringify({ auths: { [registry.address]: { auth } } }));
    writeFileSync(trusted, sigstore.trustedRoot);
    const verify = (identity: string) =>
      sealer(
        [
          ...['attest', 'verify', `${registry.address}/sealer/k3s:v1.20`, '--json', '--trusted-root', trusted],
          ...['--certificate-identity', identity, '--certificate-oidc-issuer', ISSUER],
        ],
        { home: join(root, 'verify'), env: { REGISTRY_AUTH_FILE: logins } },
      );
    const verified = await verify(WORKFLOW);
    assert.equal(verified.code, 0, verified.stderr);
    const { verified: found, notSigned } = JSON.parse(verified.stdout) as {
      readonly verified: readonly { readonly kind: string; readonly of: string }[];
      readonly notSigned: readonly unknown[];
    };
    assert.deepEqual(
      found.map(({ kind, of }) => `${kind} of ${of}`),
      ['signature of image', 'SBOM of linux/amd64', 'SBOM of linux/arm64'],
    );
    assert.deepEqual(notSigned, []);
    const refused = await verify(WORKFLOW.replace('main', 'other'));
    assert.match(refused.stderr, /SIGNATURE_INVALID/);
  });

  test('publishing again when others have published more takes nobody back', async () => {
    const digest = await digestOf('v1.20.2-r1');
    const index = JSON.parse(await (await manifest('v1.20')).text()) as object;
    const newer = JSON.stringify({ ...index, annotations: { of: 'a later patch release' } });
    for (const tag of ['v1.20.3', 'v1.20']) assert.equal((await manifest(tag, newer)).status, 201);
    const later = await digestOf('v1.20');
    assert.notEqual(later, digest);
    // As a job that broke off is run again: with what was planned and has booted in its time.
    const again = await run({ only: ['publish'], assumed: { prepare: { outputs: planned } } });
    assert.ok(again.success, again.log);
    assert.deepEqual([await digestOf('v1.20.2-r1'), await digestOf('v1.20.2')], [digest, digest]);
    assert.equal(await digestOf('v1.20'), later);
  });

  test('when nothing has changed, prepare skips everything and says why, and no job follows', async () => {
    const again = await run({});
    assert.ok(again.success, again.log);
    const results = Object.values(again.jobs).map(({ id, result }) => `${id}: ${result}`);
    assert.deepEqual(results, ['prepare: success', 'build: skipped', 'boot: skipped', 'publish: skipped']);
    assert.match(
      again.jobs.prepare?.cells[0]?.summary ?? '',
      /\| k3s-v1\.20\.2-arm64 \| no \| nothing has changed since it was published \|/,
    );
  });

  test('one changed checksum builds that cell alone; a dispatch builds what it names', async () => {
    const file = join(tree, CELL);
    const text = readFileSync(file, 'utf8');
    const sums = [...text.matchAll(/sha256: ([0-9a-f]{64})/g)].map(([, sum = '']) => sum);
    writeFileSync(file, text.replace(sums.at(-1) ?? '', 'f'.repeat(64)));
    const changed = JSON.parse(outputs(await run({ only: ['prepare'] })).build ?? '') as { include: { id: string }[] };
    assert.deepEqual(
      changed.include.map(({ id }) => id),
      ['k3s-v1.20.2-arm64'],
    );
    writeFileSync(file, text);
    const forced = await run({ only: ['prepare'], happening: dispatch({ filter: 'amd64 k0s', force: true }) });
    const { include } = JSON.parse(outputs(forced).build ?? '') as { include: { id: string }[] };
    assert.deepEqual(
      include.map(({ id }) => id),
      ['k3s-v1.20.2-amd64'],
    );
  });
});
