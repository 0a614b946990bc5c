import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PRELOAD } from '../../../../src/runtime/k3s/preload-program.ts';
import { DEFAULT_ROUTE } from '../../../../src/runtime/k3s/services.ts';
import { WIPE } from '../../../../src/runtime/k3s/wipe-program.ts';

describe('programs that run on hosts', () => {
  for (const [name, program] of Object.entries({ PRELOAD, WIPE, DEFAULT_ROUTE })) {
    it(`are understood by sh: ${name}`, () => {
      execFileSync('/bin/sh', ['-n'], { input: program });
    });
  }
});

describe('images for k3s', () => {
  let folder = '';
  const images = (): string[] => readdirSync(join(folder, 'data/agent/images')).toSorted();
  const preload = (rootfs: string, ...names: string[]): string =>
    execFileSync('/bin/sh', ['-c', PRELOAD, 'sealer', join(folder, rootfs), join(folder, 'data'), ...names], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealer-k3s-'));
    write('one/images/pause.tar', 'old');
    write('one/images/dns.tar.zst', 'dns');
    write('one/images/notes.md', 'no archive');
    write('two/images/pause.tar', 'new');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are laid out without a copy, archives alone', () => {
    preload('one');
    assert.deepEqual(images(), ['sealer-dns.tar.zst', 'sealer-pause.tar']);
    const [from, to] = ['one/images/pause.tar', 'data/agent/images/sealer-pause.tar'];
    assert.equal(statSync(join(folder, from)).ino, statSync(join(folder, to)).ino);
  });

  it('of another version replace those of the one before; what others put there stays', () => {
    preload('one');
    write('data/agent/images/own.tar', 'mine');
    preload('two');
    preload('two');
    assert.deepEqual(images(), ['own.tar', 'sealer-pause.tar']);
    assert.equal(readFileSync(join(folder, 'data/agent/images/sealer-pause.tar'), 'utf8'), 'new');
    assert.deepEqual(readdirSync(join(folder, 'data/agent')), ['images']);
  });

  it('may be none, and names that the host has are not ours to take', () => {
    mkdirSync(join(folder, 'three'));
    assert.equal(preload('three', 'sh', 'no-such-program'), 'no-such-program\n');
    assert.deepEqual(images(), []);
  });
});
