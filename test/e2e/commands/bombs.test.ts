/** Archives of some kilobytes that unpack to gigabytes: refused soon, in little memory, and nothing of them stays. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encodeHeader } from '../../../src/oci/tar/index.ts';
import { sealer, sealerJson } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

const MB = 1024 ** 2;
const SIZE = 6 * 1024 * MB;
const MOST_MEMORY = 256 * MB;
/** Of the processor, whoever else uses it. */
const MOST_SECONDS = 30;

/** A tar of one file of zeros. Several members, or frames, after another are one content; so this takes no time to make. */
function bombOf(path: string, compress: (bytes: Buffer) => Buffer): Buffer {
  const header = encodeHeader({ path, type: 'file', mode: 0o644, size: SIZE, mtime: 0 });
  const zeros = compress(Buffer.alloc(64 * MB));
  return Buffer.concat([compress(header), ...Array.from({ length: SIZE / (64 * MB) }, () => zeros)]);
}

/** Makes a process say how much memory it had at most, in bytes, and how long it computed, in seconds. */
const TELL_USAGE = `data:text/javascript,${encodeURIComponent(`process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  console.error("memory:" + maxRSS * 1024 + "\\nseconds:" + (userCPUTime + systemCPUTime) / 1e6);
})`)}`;

for (const [compression, compress] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  describe(`a ${compression} bomb`, () => {
    /** Runs a command with the bomb, which must be refused. */
    async function defused(path: string, args: readonly string[], says: RegExp): Promise<void> {
      await using folder = await temporaryFolder('bomb');
      const home = join(folder.path, 'home');
      writeFiles(folder.path, {
        'context/bomb': bombOf(path, compress),
        'context/Kubefile': 'FROM scratch\nADD bomb /\n',
      });
      const env = { NODE_OPTIONS: `--import ${TELL_USAGE}` };
      const { code, stderr } = await sealer(args, { home, cwd: folder.path, env });
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^error\[ARCHIVE_TOO_LARGE\]: .*250 times/m);
      assert.match(stderr, says);
      const [, memory = '', seconds = ''] = /^memory:(\d+)\nseconds:([\d.]+)$/m.exec(stderr) ?? [];
      assert.ok(memory !== '' && Number(memory) < MOST_MEMORY, `${Number(memory) / MB} MB`);
      assert.ok(seconds !== '' && Number(seconds) < MOST_SECONDS, `${seconds} s`);
      for (const name of ['ingest', 'scratch']) assert.deepEqual(readdirSync(join(home, name)), [], name);
      assert.deepEqual(await sealerJson<unknown[]>(['images'], { home }), []);
    }

    test('is refused by ADD', () =>
      defused('zeros', ['build', '-t', 'bomb:v1', 'context'], /at context\/Kubefile:2:1\n {2}hint: /));

    test('is refused by load', () => {
      const hex = createHash('sha256').update('what it says it is').digest('hex');
      return defused(`blobs/sha256/${hex}`, ['load', '-i', 'context/bomb'], /\n {2}hint: /);
    });
  });
}
