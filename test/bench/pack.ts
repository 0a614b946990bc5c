/** Packing many files into a layer. */

import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFiles } from '../lab/scratch.ts';
import { pair } from './measure.ts';
import { against, type BenchSession, megabytes, sealerLine } from './session.ts';

/** 600 MB of this machine's own files into one layer. */
export async function benchPack({ folder, rows, peaks }: BenchSession): Promise<void> {
  const context = join(folder, 'pack');
  const size = copySome('/usr', join(context, 'rootfs'), 600e6);
  writeFiles(context, { Kubefile: 'FROM scratch\nCOPY rootfs/ .\n' });
  const home = join(folder, 'pack-home');
  const clean = () => rmSync(home, { recursive: true, force: true });
  const level = 6;
  const both = await pair(
    { ...sealerLine(home, ['build', '-t', 'pack:v1', context]), before: clean },
    {
      argv: ['tar', '--sort=name', '-C', context, '-I', `gzip -${level}`, '-cf', join(folder, 'out.tar.gz'), 'rootfs'],
    },
    2,
  );
  peaks.push(both.a.peak);
  rows.push(against(`pack ${megabytes(size)} with gzip -${level}`, 'GNU tar', both));
}

/** Copies files of a folder until `limit` bytes are there; gives how many they are. */
function copySome(from: string, to: string, limit: number): number {
  let size = 0;
  const walk = (path: string) => {
    for (const entry of readdirSync(join(from, path), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (size >= limit) return;
      const name = join(path, entry.name);
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) {
        const bytes = statSync(join(from, name)).size;
        if (bytes > limit / 4) continue;
        mkdirSync(join(to, path), { recursive: true });
        cpSync(join(from, name), join(to, name));
        size += bytes;
      }
    }
  };
  walk('.');
  return size;
}
