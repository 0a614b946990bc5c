/** Blobs of the store that somebody or something truncated or altered: noticed, named, removed, and mended by the next run. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type CliResult, sealer, sealerJson, startSealer } from '../../lab/cli.ts';
import { noise, temporaryFolder, writeFiles } from '../../lab/scratch.ts';

describe('a blob of the store', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let home: string;
  let name: string;
  let base: string;
  /** Another registry, which can mount nothing. */
  let elsewhere: string;
  let digest: string;
  let tests = 0;

  const run = (...args: string[]): Promise<CliResult> => sealer(args, { home, cwd: folder });
  const blob = () => join(home, 'blobs/sha256', digest.slice('sha256:'.length));

  async function done(...args: string[]): Promise<void> {
    const { code, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
  }

  async function serve(root: string): Promise<string> {
    const args = ['registry', 'serve', '--json', '--listen', '127.0.0.1:0', '--root', join(folder, root)];
    const server = resources.use(startSealer(args, { home: join(folder, 'server') }));
    return (await server.says(/"address":"(?<address>[^"]+)"/)).groups?.address ?? '';
  }

  before(async () => {
    folder = resources.use(await temporaryFolder('altered')).path;
    const address = await serve('registry');
    elsewhere = await serve('elsewhere');
    name = `${address}/team/app:v1`;
    base = `${address}/team/base:v1`;
    writeFiles(folder, {
      'app/Kubefile': 'FROM scratch\nCOPY data .\n',
      'app/data': noise(300_000, 'altered'),
      'on-base/Kubefile': `FROM ${base}\nRUN touch made\n`,
    });
    home = join(folder, 'maker');
    await done('build', '-t', name, '--push', 'app');
    await done('push', name, base);
  });
  beforeEach(async () => {
    tests += 1;
    home = join(folder, `home-${tests}`);
    await done('pull', name);
    const { layers } = await sealerJson<{ layers: { digest: string }[] }>(['inspect', name], { home });
    digest = layers[0]?.digest ?? '';
  });
  after(() => resources.disposeAsync());

  for (const [how, harm] of [
    ['truncated', (file: string) => truncateSync(file, 1000)],
    ['altered', flipOneBit],
  ] as const) {
    for (const [what, ...args] of [
      ['push', 'push', 'NAME', 'TARGET'],
      ['save', 'save', '-o', 'FILE', 'NAME'],
    ]) {
      test(`that is ${how} is noticed by ${what}, which names it and removes it; after a pull it is whole`, async () => {
        const target = `${elsewhere}/team/${how}:v1`;
        const file = join(folder, `${what}-${how}.tar`);
        const words = args.map((word) => ({ NAME: name, TARGET: target, FILE: file })[word] ?? word);
        const good = readFileSync(blob());
        harm(blob());
        const { code, stderr } = await run(...words);
        assert.equal(code, 1, stderr);
        assert.match(stderr, /^error\[DIGEST_MISMATCH\]: .*\n {2}hint: .*pull/m);
        assert.ok(stderr.includes(digest), stderr);
        assert.ok(!existsSync(blob()), 'it is gone');
        assert.ok(!existsSync(file), 'no archive is left');
        await done('pull', name);
        assert.deepEqual(readFileSync(blob()), good);
        await done(...words);
      });
    }

    test(`of a base image that is ${how} does not get into what is built on it`, async () => {
      await done('pull', base);
      harm(blob());
      const first = await run('build', '-q', '-t', 'built:v1', 'on-base');
      if (first.code !== 0) {
        assert.match(first.stderr, /error\[DIGEST_MISMATCH\]: /);
        assert.match(first.stderr, /at on-base\/Kubefile:\d/);
        await done('build', '-q', '-t', 'built:v1', 'on-base');
      }
      await done('push', 'built:v1', `${elsewhere}/team/built-${how}:v1`);
    });
  }

  test('that is truncated is fetched again by pull, alone', async () => {
    const good = readFileSync(blob());
    truncateSync(blob(), 1000);
    const { moved } = await sealerJson<{ moved: number }>(['pull', name], { home });
    assert.equal(moved, good.length);
    assert.deepEqual(readFileSync(blob()), good);
  });
});

function flipOneBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
