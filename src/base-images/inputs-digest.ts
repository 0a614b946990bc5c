/**
 * The digest of all that a cell is made of: Kubefile and context, its own data, bases, and the program that builds. An image
 * whose annotation says the same need not be built again (the idea is docker-library/meta-scripts' buildId).
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { Cell } from './cells.ts';

/** On the manifest of a published image: what it was made of. */
export const INPUTS_ANNOTATION = 'io.sealer.base.inputs';

/** Raise it when the same inputs have to be built anew. */
const FORMAT = 1;
/** Data of other cells, and what people read: no part of what one cell is made of. */
const LEFT_OUT: ReadonlySet<string> = new Set(['versions.yaml', 'README.md']);

export interface Inputs {
  /** Of `contextDigest`. */
  readonly context: Digest;
  /** Bases by name, with the digests that they stand for now. */
  readonly bases: Readonly<Record<string, string>>;
  /** Version of the program that builds. */
  readonly toolkit: string;
}

/** The digest of a cell's inputs. Mirrors are none: what comes from them is checked. */
export function inputsDigest({ image, variant, platform, buildArgs }: Cell, inputs: Inputs): Digest {
  const { context, bases, toolkit } = inputs;
  const sorted = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(
    JSON.stringify([FORMAT, image, variant ?? null, platform, sorted(buildArgs), context, sorted(bases), toolkit]),
  );
}

/** The digest of a folder's files: names, whether they can be run, contents. Times and owners don't count. */
export async function contextDigest(folder: string): Promise<Digest> {
  const lines: string[] = [];
  for (const path of await filesBelow(folder, '')) {
    if (!LEFT_OUT.has(path)) lines.push(`${JSON.stringify(path)} ${await describeFile(join(folder, path))}\n`);
  }
  return digestOf(lines.join(''));
}

async function filesBelow(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await filesBelow(folder, path)));
    else paths.push(path);
  }
  return paths;
}

async function describeFile(file: string): Promise<string> {
  const link = await readlink(file).catch(() => undefined);
  if (link !== undefined) return `link ${JSON.stringify(link)}`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const isExecutable = ((await stat(file)).mode & 0o100) !== 0;
  return `${isExecutable ? 'program' : 'file'} ${hash.digest('hex')}`;
}
