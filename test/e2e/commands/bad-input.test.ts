/** Bad input: an error code with a hint, exit 1, and nothing changed. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type NewEntry, pack } from 'tar-stream';
import { sealer, sealerJson } from '../../lab/cli.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { writeHtpasswd } from '../../lab/htpasswd.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool, works } from '../../lab/tools.ts';

describe('bad input', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let home: string;
  let context: string;
  let tests = 0;

  before(async () => {
    folder = resources.use(await temporaryFolder('bad-input')).path;
  });
  beforeEach(() => {
    tests += 1;
    home = join(folder, `home-${tests}`);
    context = join(folder, `context-${tests}`);
  });
  after(() => resources.disposeAsync());

  /** Builds, and expects this code at this place, a hint, exit 1, and no image in the store. */
  async function refused(
    code: string,
    options: { at?: RegExp; says?: RegExp; args?: string[]; env?: Record<string, string> } = {},
  ): Promise<string> {
    const result = await sealer(['build', '-t', 'bad:v1', ...(options.args ?? []), context], {
      home,
      env: options.env ?? {},
    });
    assert.equal(result.code, 1, `exit ${result.code}\n${result.stderr}`);
    assert.match(result.stderr, new RegExp(`error\\[${code}\\]`));
    assert.match(result.stderr, /hint: /);
    if (options.at !== undefined) assert.match(result.stderr, options.at);
    if (options.says !== undefined) assert.match(result.stderr, options.says);
    assert.ok(!result.stderr.includes('    at '), 'no stack trace');
    assert.deepEqual(await sealerJson<unknown[]>(['images'], { home }), []);
    return result.stderr;
  }

  const kubefile = (text: string, files: Record<string, string> = {}) =>
    writeFiles(context, { Kubefile: text, ...files });

  test('a folder without a Kubefile', async () => {
    writeFiles(context, { x: 'x' });
    await refused('KUBEFILE_NOT_FOUND');
  });

  test('a missing base image', { skip: needs('docker-registry') }, async () => {
    await using registry = await startDockerRegistry();
    kubefile(`FROM ${registry.address}/nothing/here:v1\n`);
    await refused('BASE_NOT_FOUND', { at: /Kubefile:1/ });
  });

  test('a COPY source that leads outside the context', async () => {
    kubefile('FROM scratch\nCOPY ../secret /\n');
    await refused('SOURCE_OUTSIDE_CONTEXT', { at: /Kubefile:2/ });
  });

  test('a COPY source that leads outside through a symlink', async () => {
    kubefile('FROM scratch\nCOPY link/hostname .\n');
    symlinkSync('/etc', join(context, 'link'));
    await refused('SOURCE_OUTSIDE_CONTEXT', { at: /Kubefile:2/ });
  });

  test('a COPY source that is not there, with the nearest name', async () => {
    kubefile('FROM scratch\nCOPY manifest/ manifests/\n', { 'manifests/a.yaml': '' });
    await refused('SOURCE_NOT_FOUND', { at: /Kubefile:2/, says: /manifests/ });
  });

  test('an unknown keyword, with the nearest one, and every other problem at once', async () => {
    kubefile('FROM scratch\nCOPPY a b\nLAUNCH ["nothing"]\nCMDS ["x"\n');
    const said = await refused('UNKNOWN_INSTRUCTION', { at: /Kubefile:2:1/, says: /COPY/ });
    assert.match(said, /Kubefile:3/);
    assert.match(said, /BAD_JSON/);
  });

  test('a container image that does not exist, with the line that names it', {
    skip: needs('docker-registry'),
  }, async () => {
    await using registry = await startDockerRegistry();
    kubefile('FROM scratch\nCOPY m.yaml manifests/\n', {
      'm.yaml': `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - {name: a, image: "${registry.address}/no/such:v1"}\n  - {name: b, image: "${registry.address}/nor/this:v2"}\n`,
    });
    const said = await refused('IMAGES_MISSING', { at: /m\.yaml:6/ });
    assert.match(said, /m\.yaml:7/, 'all failures are in one report');
  });

  test('a wrong password names the registry and where the credential came from', {
    skip: needs('docker-registry', 'htpasswd'),
  }, async () => {
    const htpasswd = await writeHtpasswd(folder, 'user', 'right');
    await using registry = await startDockerRegistry({ htpasswd });
    const config = join(folder, 'docker');
    writeFiles(config, {
      'config.json': JSON.stringify({
        auths: { [registry.address]: { auth: Buffer.from('user:wrong').toString('base64') } },
      }),
    });
    kubefile(`FROM ${registry.address}/private/base:v1\n`);
    const said = await refused('UNAUTHORIZED', { env: { DOCKER_CONFIG: config } });
    assert.match(said, new RegExp(registry.address));
    assert.match(said, new RegExp(join(config, 'config.json')));
    assert.ok(!said.includes('wrong'), 'the password is not shown');
  });

  test('a RUN that fails shows its line, its exit code and its last words', async () => {
    kubefile('FROM scratch\nRUN echo before && echo the last words >&2 && exit 7\n');
    await refused('RUN_FAILED', { at: /Kubefile:2/, says: /the last words[\s\S]*7|7[\s\S]*the last words/ });
  });

  test('a RUN for a platform that this machine cannot run', async () => {
    kubefile('FROM scratch\nRUN touch x\n');
    const other = process.arch === 's390x' ? 'linux/ppc64le' : 'linux/s390x';
    await refused('FOREIGN_RUN', { at: /Kubefile:2/, args: ['--platform', other] });
  });

  test('a download that is not what its checksum says', async (t) => {
    const { createServer } = await import('node:http');
    const server = createServer((_request, response) => response.end('altered')).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const sum = createHash('sha256').update('expected').digest('hex');
    kubefile(`FROM scratch\nADD --checksum=sha256:${sum} http://127.0.0.1:${port}/file .\n`);
    await refused('CHECKSUM_MISMATCH', { at: /Kubefile:2/ });
  });

  for (const [what, entry] of [
    ['../..', { name: '../escaped' }],
    ['absolute', { name: '/etc/escaped' }],
    ['device', { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }],
    ['linked', { name: 'hard', type: 'link', linkname: '../../etc/passwd' }],
  ] satisfies [string, NewEntry][]) {
    test(`an archive with ${what} entries`, async () => {
      const archive = pack();
      archive.entry({ name: 'fine' }, 'fine');
      archive.entry(entry, entry.type === undefined ? 'evil' : '');
      archive.finalize();
      const chunks: Buffer[] = [];
      for await (const chunk of archive) chunks.push(Buffer.from(chunk));
      kubefile('FROM scratch\nADD evil.tar /\n');
      writeFiles(context, { 'evil.tar': Buffer.concat(chunks) });
      await refused('UNSAFE_ARCHIVE', { at: /Kubefile:2/ });
    });
  }

  test('a file that is no archive cannot be loaded, and the store stays as it was', async () => {
    writeFiles(context, { 'x.tar': 'this is no archive at all'.repeat(100) });
    const result = await sealer(['load', '-i', join(context, 'x.tar')], { home });
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /error\[CORRUPT_ARCHIVE\]/);
    assert.deepEqual(await sealerJson<unknown[]>(['images'], { home }), []);
  });

  test('a truncated archive is refused; the whole one is loaded afterwards', async () => {
    kubefile('FROM scratch\nCOPY a b\n', { a: 'a'.repeat(300_000) });
    const file = join(folder, 'whole.tar');
    const maker = join(folder, 'maker');
    assert.equal((await sealer(['build', '-t', 'x:v1', context], { home: maker })).code, 0);
    assert.equal((await sealer(['save', '-o', file, 'x:v1'], { home: maker })).code, 0);
    await runTool('truncate', ['-s', '-2000', file]);
    const cut = await sealer(['load', '-i', file], { home });
    assert.equal(cut.code, 1, cut.stderr);
    assert.match(cut.stderr, /error\[(CORRUPT_ARCHIVE|DIGEST_MISMATCH|SIZE_MISMATCH)\]/);
    assert.deepEqual(await sealerJson<unknown[]>(['images'], { home }), []);
    assert.equal((await sealer(['save', '-o', file, 'x:v1'], { home: maker })).code, 0);
    const whole = await sealer(['load', '-i', file], { home });
    assert.equal(whole.code, 0, whole.stderr);
  });

  test('two builds at once in one store both succeed', async () => {
    kubefile('FROM scratch\nCOPY a a\nRUN sleep 0.2; cat a a > b\n', { a: 'a'.repeat(500_000) });
    const results = await Promise.all(
      ['one:v1', 'two:v1', 'three:v1'].map((tag) => sealer(['build', '-t', tag, context], { home })),
    );
    for (const result of results) assert.equal(result.code, 0, result.stderr);
    const images = await sealerJson<{ digest: string }[]>(['images'], { home });
    assert.equal(images.length, 3);
    assert.equal(new Set(images.map((each) => each.digest)).size, 1);
    assert.deepEqual(readdirSync(join(home, 'ingest')), [], 'no half-made blob is left');
  });

  test('a full disk is an error that names the store, and a rerun with room succeeds', {
    skip: mountsTmpfs(),
  }, async () => {
    const { execFileSync } = await import('node:child_process');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(home, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', home]);
    try {
      const { noise } = await import('../../lab/scratch.ts');
      kubefile('FROM scratch\nCOPY big big\n');
      writeFiles(context, { big: noise(8_000_000, 'big') });
      const full = await sealer(['build', '-t', 'x:v1', context], { home });
      assert.equal(full.code, 3, full.stderr);
      assert.match(full.stderr, /error\[DISK_FULL\]/);
      assert.match(full.stderr, new RegExp(home));
      execFileSync('mount', ['-o', 'remount,size=64m', home]);
      const again = await sealer(['build', '-t', 'x:v1', context], { home });
      assert.equal(again.code, 0, again.stderr);
    } finally {
      execFileSync('umount', [home]);
    }
  });
});

function mountsTmpfs(): string | false {
  // Root of a container has often no right to mount.
  return works('unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt')
    ? false
    : 'a small disk needs the right to mount';
}
