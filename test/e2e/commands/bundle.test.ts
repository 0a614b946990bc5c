/** The bundles: the same bytes each time, nothing of this machine in them, and each runs where there is nothing else. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BUNDLES, bundle } from '../../../bundle.ts';
import { PROJECT } from '../../lab/cli.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

describe('the bundles', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let dist: string;

  before(async () => {
    folder = resources.use(await temporaryFolder('bundle')).path;
    dist = join(folder, 'dist');
    await bundle(dist);
  });
  after(() => resources.disposeAsync());

  /** Runs a bundle alone: in an empty folder, with nothing of this project to be found from there. */
  async function runAlone(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const alone = join(folder, `alone-${name}-${args.join('-')}`);
    await mkdir(alone, { recursive: true });
    copyFileSync(join(dist, name), join(alone, name));
    return spawnSync(process.execPath, [join(alone, name), ...args], {
      cwd: alone,
      env: { PATH: process.env.PATH, HOME: alone, SEALER_HOME: join(alone, 'store'), RUNNER_TEMP: alone, ...env },
      encoding: 'utf8',
    });
  }

  test('are the same to the byte when they are made again, into another folder', async () => {
    const again = join(folder, 'elsewhere', 'again');
    await bundle(again);
    assert.deepEqual(
      readdirSync(again).sort(),
      [...Object.keys(BUNDLES), 'clusterfile.schema.json', 'licenses.txt'].sort(),
    );
    for (const name of readdirSync(again)) {
      assert.ok(readFileSync(join(dist, name)).equals(readFileSync(join(again, name))), name);
    }
  });

  test('hold no path of the machine that made them', () => {
    // Root's folders on hosts are named in the sources.
    const homes = homedir() === '/root' ? [] : [`${homedir()}/`];
    for (const name of readdirSync(dist)) {
      const text = readFileSync(join(dist, name), 'utf8');
      for (const path of [PROJECT, folder, ...homes]) assert.ok(!text.includes(path), `${name} has ${path}`);
    }
  });

  test('can be read: they are not minified', () => {
    for (const name of Object.keys(BUNDLES)) {
      const text = readFileSync(join(dist, name), 'utf8');
      const lines = text.split('\n').length;
      assert.ok(text.length / lines < 100, `${name} has ${text.length} characters in ${lines} lines`);
    }
  });

  test('name every package inside, with its licence', () => {
    const text = readFileSync(join(dist, 'licenses.txt'), 'utf8');
    for (const name of ['commander', 'js-yaml', 'tar-stream', '@actions/core', '@actions/cache', 'testcontainers']) {
      assert.match(text, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    }
    assert.doesNotMatch(text, /node_modules\//);
  });

  test('sealer.cjs is a program of its own', async () => {
    assert.equal(statSync(join(dist, 'sealer.cjs')).mode & 0o111, 0o111);
    assert.match(readFileSync(join(dist, 'sealer.cjs'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
    const version = await runAlone('sealer.cjs', ['version']);
    assert.equal(version.status, 0, version.stderr);
    assert.match(version.stdout, /^sealer \d/);
    // A command that reaches all the lazy parts: parser, store, build, discovery.
    const built = await runAlone('sealer.cjs', ['build', '--quiet']);
    assert.equal(built.status, 1);
    assert.match(built.stderr, /error\[KUBEFILE_NOT_FOUND\]/);
  });

  test('sealer.cjs on an older Node.js says which one it needs, and nothing else', async () => {
    const older = join(folder, 'older.cjs');
    writeFileSync(older, "Object.defineProperty(process.versions, 'node', { value: '20.19.0' });\n");
    const { status, stdout, stderr } = await runAlone('sealer.cjs', ['--version'], {
      NODE_OPTIONS: `--require ${older}`,
    });
    assert.deepEqual([status, stdout], [2, '']);
    const needed = /\d+/.exec(JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).engines.node)?.[0];
    assert.match(
      stderr,
      new RegExp(`^error\\[USAGE\\]: sealer needs Node\\.js ${needed} or later; this is 20\\.19\\.0\\n  hint: .*\\n$`),
    );
  });

  test('build.cjs and push.cjs run alone, and say what is missing', async () => {
    const built = await runAlone('build.cjs', []);
    assert.equal(built.status, 1, built.stderr);
    assert.match(built.stdout, /::error.*KUBEFILE_NOT_FOUND/);
    const pushed = await runAlone('push.cjs', []);
    assert.equal(pushed.status, 1, pushed.stderr);
    assert.match(pushed.stdout, /::error.*nothing to push/);
  });

  test('cache.cjs loads alone, which it did not with what esbuild makes by default', async () => {
    const alone = join(folder, 'alone-cache');
    await mkdir(alone);
    copyFileSync(join(dist, 'cache.cjs'), join(alone, 'cache.cjs'));
    const script =
      "import('./cache.cjs').then((cache) => console.log(typeof cache.restoreCache, cache.isFeatureAvailable()))";
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: alone, env: {}, encoding: 'utf8' });
    assert.equal(stdout, 'function false\n', stderr);
  });

  test('testcontainers.cjs loads alone, without its native and its unused parts', async () => {
    const alone = join(folder, 'alone-testcontainers');
    await mkdir(alone);
    copyFileSync(join(dist, 'testcontainers.cjs'), join(alone, 'testcontainers.cjs'));
    const script = "import('./testcontainers.cjs').then((part) => console.log(typeof part.runContainer))";
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: alone, env: {}, encoding: 'utf8' });
    assert.equal(stdout, 'function\n', stderr);
    assert.doesNotMatch(readFileSync(join(dist, 'testcontainers.cjs'), 'utf8'), /\.node"|node_modules\/ssh2/);
  });

  test('watchdog.cjs runs alone, and goes when it is let go', async () => {
    const alone = join(folder, 'alone-watchdog');
    await mkdir(alone);
    copyFileSync(join(dist, 'watchdog.cjs'), join(alone, 'watchdog.cjs'));
    const input = `${JSON.stringify({ connection: { socketPath: '/nowhere' }, label: 'a=b' })}\ndone\n`;
    const ran = spawnSync(process.execPath, [join(alone, 'watchdog.cjs')], { input, env: {}, encoding: 'utf8' });
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'watching\n', '']);
  });
});
