import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { installedFiles, installFiles, removeFiles, restoreFootprint } from '../../../src/hosts/index.ts';
import { findTool } from '../../lab/tools.ts';

const SHELLS: readonly (readonly string[])[] = [['sh'], ['bash'], ['busybox', 'sh']];

for (const shell of SHELLS) {
  const skip = findTool(shell[0] ?? '') === undefined ? `absent: ${shell[0]}` : false;
  describe(`the footprint on a host whose shell is ${shell.join(' ')}`, { skip }, () => {
    it('puts files, copies and links into place and takes them away again', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      await writeFile(join(root, 'binary'), 'ELF');
      const changed = await installFiles(host, home, [
        { path: join(root, 'etc/a b/config'), mode: 0o640, content: "it's\n$HOME `x`\n" },
        { path: join(root, 'bin/tool'), mode: 0o755, content: { copyOf: join(root, 'binary') } },
        { path: join(root, 'bin/link'), mode: 0o777, content: { linkTo: 'tool' } },
        { path: join(root, 'bin/bytes'), mode: 0o600, content: Uint8Array.of(0, 255, 10, 13) },
      ]);
      assert.deepEqual(
        changed,
        ['etc/a b/config', 'bin/tool', 'bin/link', 'bin/bytes'].map((path) => join(root, path)),
      );
      assert.equal(await readFile(join(root, 'etc/a b/config'), 'utf8'), "it's\n$HOME `x`\n");
      assert.equal((await stat(join(root, 'etc/a b/config'))).mode & 0o777, 0o640);
      assert.equal((await stat(join(root, 'bin/tool'))).mode & 0o777, 0o755);
      assert.equal((await stat(join(root, 'bin'))).mode & 0o777, 0o755);
      assert.equal(await readlink(join(root, 'bin/link')), 'tool');
      assert.deepEqual([...(await readFile(join(root, 'bin/bytes')))], [0, 255, 10, 13]);
      assert.deepEqual(await installedFiles(host, home), changed);
      await restoreFootprint(host, home);
      assert.deepEqual(await readdir(root), ['binary', 'home']);
      assert.deepEqual(await readdir(home), []);
      assert.deepEqual(await installedFiles(host, home), []);
    });

    it('does not touch what is the same, and says so', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      await writeFile(join(root, 'theirs'), 'same', { mode: 0o644 });
      const files = [
        { path: join(root, 'theirs'), mode: 0o644, content: 'same' },
        { path: join(root, 'ours'), mode: 0o644, content: 'x' },
        { path: join(root, 'link'), mode: 0o777, content: { linkTo: '/nowhere' } },
      ];
      assert.deepEqual(await installFiles(host, home, files), [join(root, 'ours'), join(root, 'link')]);
      const before = await stat(join(root, 'ours'));
      assert.deepEqual(await installFiles(host, home, files), []);
      assert.equal((await stat(join(root, 'ours'))).ino, before.ino);
      await chmod(join(root, 'ours'), 0o600);
      assert.deepEqual(await installFiles(host, home, files), [join(root, 'ours')]);
      await restoreFootprint(host, home);
      assert.equal(await readFile(join(root, 'theirs'), 'utf8'), 'same');
    });

    it('puts back files, modes, times and links that were there before, however often they changed', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      await mkdir(join(root, 'folder'));
      await writeFile(join(root, 'config'), 'before', { mode: 0o604 });
      await symlink('folder', join(root, 'link'));
      await symlink('dangling', join(root, 'other'));
      const before = await stat(join(root, 'config'));
      for (const content of ['one', 'two']) {
        const paths = ['config', 'link', 'other'].map((path) => join(root, path));
        assert.deepEqual(
          await installFiles(
            host,
            home,
            paths.map((path) => ({ path, mode: 0o644, content })),
          ),
          paths,
        );
        for (const path of paths) assert.equal(await readFile(path, 'utf8'), content);
        assert.ok((await lstat(join(root, 'link'))).isFile());
      }
      await restoreFootprint(host, home);
      const after = await stat(join(root, 'config'));
      assert.equal(await readFile(join(root, 'config'), 'utf8'), 'before');
      // busybox keeps whole seconds.
      const second = (time: number): number => Math.floor(time / 1000);
      assert.deepEqual([after.mode, second(after.mtimeMs)], [before.mode, second(before.mtimeMs)]);
      assert.equal(await readlink(join(root, 'link')), 'folder');
      assert.equal(await readlink(join(root, 'other')), 'dangling');
      assert.deepEqual(await readdir(join(root, 'folder')), []);
    });

    it('removes single files and keeps the others, and folders in which others put something', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      await writeFile(join(root, 'old'), 'old');
      await writeFile(join(root, 'theirs'), 'theirs');
      const paths = ['a/x', 'b/c/y', 'old', 'd/z'].map((path) => join(root, path));
      await installFiles(
        host,
        home,
        paths.map((path) => ({ path, mode: 0o644, content: 'new' })),
      );
      await writeFile(join(root, 'd/theirs'), '');
      await removeFiles(host, home, [join(root, 'b/c/y'), join(root, 'old'), join(root, 'd/z'), join(root, 'theirs')]);
      assert.deepEqual(await readdir(root), ['a', 'd', 'home', 'old', 'theirs']);
      assert.equal(await readFile(join(root, 'old'), 'utf8'), 'old');
      assert.deepEqual(await readdir(join(root, 'd')), ['theirs']);
      assert.deepEqual(await installedFiles(host, home), [join(root, 'a/x')]);
      await restoreFootprint(host, home);
      assert.deepEqual(await readdir(root), ['d', 'home', 'old', 'theirs']);
    });

    it('forgets nothing when it is killed before a file is in place', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      await writeFile(join(root, 'config'), 'before');
      await mkdir(join(home, 'footprint/before', root), { recursive: true });
      await writeFile(join(home, 'footprint/before', root, 'config'), 'before');
      // The last line broke off: what it seems to name is not ours.
      await writeFile(join(home, 'footprint/index'), `file ${root}/config #\nfile ${root}/con`);
      await writeFile(join(root, 'con'), 'theirs');
      await installFiles(host, home, [{ path: join(root, 'config'), mode: 0o644, content: 'new' }]);
      await restoreFootprint(host, home);
      assert.equal(await readFile(join(root, 'config'), 'utf8'), 'before');
      assert.equal(await readFile(join(root, 'con'), 'utf8'), 'theirs');
    });

    it('names host and path of what cannot be done, and goes on from there', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      await mkdir(join(root, 'folder'));
      const good = { path: join(root, 'good'), mode: 0o644, content: 'x' };
      await assert.rejects(
        installFiles(host, home, [good, { path: join(root, 'folder'), mode: 0o644, content: 'x' }]),
        (error) =>
          error instanceof SealerError &&
          error.code === 'COMMAND_FAILED' &&
          /test-host.*folder is a folder/.test(error.message),
      );
      await assert.rejects(
        installFiles(host, home, [{ path: join(root, 'b'), mode: 0o755, content: { copyOf: join(root, 'absent') } }]),
        /absent, of which .*\/b is to be a copy, is not there/,
      );
      await restoreFootprint(host, home);
      assert.deepEqual(await readdir(root), ['folder', 'home']);
    });

    it('replaces a program that runs', async (t) => {
      const { host, root, home } = await setUp(t, shell);
      const path = join(root, 'sleeper');
      const sleep = findTool('sleep') ?? '/bin/sleep';
      await installFiles(host, home, [{ path, mode: 0o755, content: { copyOf: sleep } }]);
      const child = spawn(path, ['60'], { stdio: 'ignore' });
      t.after(() => child.kill('SIGKILL'));
      assert.deepEqual(await installFiles(host, home, [{ path, mode: 0o755, content: 'new' }]), [path]);
      assert.equal(await readFile(path, 'utf8'), 'new');
    });
  });
}

it('two installations at once on one host do not lose each other', async (t) => {
  const { host, root, home } = await setUp(t, ['sh']);
  const names = Array.from({ length: 8 }, (_, index) => join(root, `f${index}/x`));
  await Promise.all(names.map((path) => installFiles(host, home, [{ path, mode: 0o600, content: path }])));
  assert.deepEqual((await installedFiles(host, home)).toSorted(), names);
});

it('a path that is not plain is refused before anything is sent', async (t) => {
  const REFUSED = /is not an absolute path|cannot be a path on a host/;
  const { host, root, home } = await setUp(t, ['sh']);
  for (const path of ['relative', '/a/../b', '/a\nfile /etc/passwd #', '/', '/a//b', '/a/']) {
    await assert.rejects(installFiles(host, home, [{ path, mode: 0o644, content: '' }]), REFUSED);
    await assert.rejects(removeFiles(host, home, [path]), REFUSED);
  }
  assert.deepEqual(await readdir(root), ['home']);
});

async function setUp(t: TestContext, shell: readonly string[]): Promise<{ host: Host; root: string; home: string }> {
  const root = await mkdtemp(join(tmpdir(), 'sealer-footprint-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const home = join(root, 'home');
  await mkdir(home);
  return { host: shellHost(shell), root, home };
}

/** This machine, with another shell in the place of `sh`. */
function shellHost(shell: readonly string[]): Host {
  const absent = (): never => {
    throw new Error('not asked for here');
  };
  return {
    address: 'test-host',
    label: 'test-host',
    exec: async ({ argv, stdin, allowFailure }) => {
      assert.equal(argv[0], 'sh');
      assert.equal(allowFailure, true);
      const [program = 'sh', ...first] = shell;
      const child = spawn(program, [...first, ...argv.slice(1)], { stdio: 'pipe' });
      child.stdin.on('error', () => {});
      child.stdin.end(stdin);
      const said = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
      const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
      const [stdout, stderr] = (await said).map((chunks) => Buffer.concat(chunks).toString());
      return { code: code ?? undefined, stdout: stdout ?? '', stderr: stderr ?? '' };
    },
    read: absent,
    readText: absent,
    write: absent,
    upload: absent,
    facts: absent,
    forward: absent,
    [Symbol.asyncDispose]: async () => {},
  };
}
