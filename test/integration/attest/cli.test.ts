/** What people type, from key to refusal; and a workflow that signs as what it is, against a sigstore on loopback. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { newKeyPair } from '../../lab/sigstore/certificates.ts';
import { identityToken, type Sigstore, startSigstore } from '../../lab/sigstore/services.ts';
import { run as runInProcess } from '../../unit/cli/fake-context.ts';

const WORKFLOW = 'https://github.com/me/shop/.github/workflows/release.yml@refs/heads/main';
const GITHUB = 'https://token.actions.githubusercontent.com';

type Ended = Awaited<ReturnType<typeof runInProcess>>;

describe('signing and verifying by commands', () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let image: string;
  let sigstore: Sigstore;

  before(async () => {
    folder = stack.use(await temporaryFolder('attest')).path;
    const { address } = stack.use(await serveRegistry({ storage: folderStorage(join(folder, 'registry')) }));
    sigstore = stack.use(await startSigstore());
    image = `${address}/team/shop`;
    const { privateKey, publicKey } = newKeyPair();
    const other = newKeyPair();
    const pem = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'pass word' } as const;
    writeFiles(folder, {
      'context/Kubefile': 'FROM scratch\nCOPY . .\nLABEL cluster.alpha.sealer.io/cluster-runtime-type=k3s\n',
      'context/bin/tool': '#!/bin/sh\n',
      'my.key': String(privateKey.export(pem)),
      'my.pub': String(publicKey.export({ format: 'pem', type: 'spki' })),
      'other.pub': String(other.publicKey.export({ format: 'pem', type: 'spki' })),
      'root.json': sigstore.trustedRoot,
    });
  });
  after(() => stack.disposeAsync());

  const at = (name: string): string => join(folder, name);
  const run = (store: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runInProcess(args, { env: { PATH: process.env.PATH, HOME: folder, SEALER_HOME: at(store), ...env } });
  const done = async (running: Promise<Ended>): Promise<Ended> => {
    const result = await running;
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  const codeOf = ({ stderr }: Ended): string | undefined => /error\[([A-Z_]+)\]/.exec(stderr)?.[1];

  test('a build with a key is verified elsewhere by its public part, and run refuses it with another', async () => {
    const build = ['build', '-q', '-t', `${image}:v1`, '--push', '--sbom', '--provenance', `--sign=${at('my.key')}`];
    await done(run('here', [...build, at('context')], { SEALER_SIGNING_PASSPHRASE: 'pass word' }));
    const verify = ['attest', 'verify', '--json', '--signature-key', at('my.pub'), `${image}:v1`];
    const { verified } = JSON.parse((await done(run('there', verify))).stdout);
    assert.deepEqual(verified.map(({ kind }: { kind: string }) => kind).sort(), ['SBOM', 'provenance', 'signature']);
    const hosts = ['--masters', '127.0.0.1', '--dry-run'];
    const refused = await run('fresh', ['run', `${image}:v1`, ...hosts, '--signature-key', at('other.pub')]);
    assert.deepEqual([refused.code, codeOf(refused)], [1, 'SIGNATURE_INVALID']);
    const unsaid = await run('fresh', ['run', `${image}:v1`, ...hosts, '--verify-signature']);
    assert.deepEqual([unsaid.code, codeOf(unsaid)], [2, 'USAGE']);
  });

  test('what a pull brings verifies when the registry is gone, and an archive too', async () => {
    await done(run('carried', ['pull', '-q', `${image}:v1`]));
    await done(run('carried', ['save', '-o', at('shop.tar'), `${image}:v1`]));
    await done(run('island', ['load', '-q', '-i', at('shop.tar')]));
    const nowhere = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };
    await done(run('island', ['attest', 'verify', '--signature-key', at('my.pub'), `${image}:v1`], nowhere));
    const { stdout } = await done(run('island', ['attest', 'show', '--sbom', `${image}:v1`], nowhere));
    assert.ok(JSON.parse(stdout).files.some(({ fileName }: { fileName: string }) => fileName === './bin/tool'));
  });

  test('a wrong passphrase is told before anything is built', async () => {
    const build = ['build', '-t', `${image}:v2`, `--sign=${at('my.key')}`, at('context')];
    const wrong = await run('here', build, { SEALER_SIGNING_PASSPHRASE: 'wrong-pass-word' });
    assert.equal(codeOf(wrong), 'SIGNING_KEY_INVALID');
    assert.ok(!wrong.stderr.includes('wrong-pass-word') && !wrong.stderr.includes('Layers'));
  });

  test('without a key and without a workflow, the error says what there is to do', async () => {
    const { stderr, code } = await run('here', ['push', '--sign', `${image}:v1`]);
    assert.equal(code, 1);
    assert.match(stderr, /ID_TOKEN_MISSING[\s\S]*SEALER_SIGNING_KEY/);
    const inWorkflow = await run('here', ['push', '--sign', `${image}:v1`], { GITHUB_ACTIONS: 'true' });
    assert.match(inWorkflow.stderr, /ID_TOKEN_MISSING[\s\S]*id-token: write/);
  });

  test('a workflow signs what its registry has, and is verified as that workflow and no other', async () => {
    const env = {
      SIGSTORE_ID_TOKEN: identityToken(WORKFLOW, GITHUB),
      SEALER_FULCIO_URL: sigstore.address,
      SEALER_REKOR_URL: sigstore.address,
    };
    await done(run('here', ['build', '-q', '-t', `${image}:v3`, '--push', at('context')]));
    await done(run('job', ['attest', 'sign', `${image}:v3`], env));
    const verify = (identity: string): Promise<Ended> =>
      run('there', [
        ...['attest', 'verify', '--trusted-root', at('root.json'), '--certificate-oidc-issuer', GITHUB],
        ...['--certificate-identity', identity, `${image}:v3`],
      ]);
    assert.match((await done(verify(WORKFLOW))).stdout, /signature +image +https:\/\/github\.com\/me\/shop/);
    assert.equal(codeOf(await verify(WORKFLOW.replace('/me/', '/you/'))), 'SIGNATURE_INVALID');
  });

  test('a tag that was moved since is not what was signed', async () => {
    writeFileSync(at('context/evil'), 'x');
    await done(run('here', ['build', '-q', '-t', `${image}:v1`, '--push', at('context')]));
    const verify = await run('late', ['attest', 'verify', '--signature-key', at('my.pub'), `${image}:v1`]);
    assert.equal(codeOf(verify), 'SIGNATURE_MISSING');
  });
});
