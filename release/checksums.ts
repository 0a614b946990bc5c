/** What is released, by its bytes: a list that sha256sum reads, and how two of them differ. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * The checksums of all files below a folder, in the order of their names.
 * @returns lines as sha256sum writes them
 * @throws Error when there is no file, or something that is neither file nor folder
 */
export async function checksumsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines: (readonly [name: string, sum: string])[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    if (!entry.isFile()) throw new Error(`${name} is no file`);
    lines.push([
      name,
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ]);
  }
  if (lines.length === 0) throw new Error(`${folder} is empty`);
  lines.sort(([one], [other]) => (one < other ? -1 : 1));
  return lines.map(([name, sum]) => `${sum}  ${name}\n`).join('');
}

/** One digest for all of them. */
export function digestOfChecksums(checksums: string): string {
  return createHash('sha256').update(checksums).digest('hex');
}

/** Each file that is not the same in both lists, as a sentence. */
export function differences(one: string, other: string): readonly string[] {
  const [left, right] = [one, other].map(
    (text) => new Map(text.split('\n').map((line) => [line.slice(66), line.slice(0, 64)])),
  );
  if (left === undefined || right === undefined) return [];
  const names = [...new Set([...left.keys(), ...right.keys()])].filter(Boolean).sort();
  return names
    .filter((name) => left.get(name) !== right.get(name))
    .map((name) => {
      if (!left.has(name)) return `${name} is in the second only`;
      return right.has(name) ? `${name} differs` : `${name} is in the first only`;
    });
}
