/**
 * Names of images. The truth is one file per name below `refs/`, each written atomically; `index.json`, which other
 * tools read, is derived from them.
 *
 * There is no lock, so nothing is stale after a kill -9. Instead, who has written `index.json` reads the refs again and
 * writes again if they changed meanwhile. So the process whose rename was the last one has also looked at the refs after
 * that rename, and any later change of the refs brings a later rename. A process killed in between leaves an
 * `index.json` that the next one to open the store mends.
 */

import { mkdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isSystemError, SealerError } from '../../error.ts';
import { checkDescriptor, type Descriptor } from '../descriptor.ts';
import { digestOf, hexOf } from '../digest.ts';
import { OCI_INDEX } from '../media-types.ts';
import { formatReference, parseReference } from '../reference.ts';
import { writeAtomically } from './atomic-file.ts';
import { entriesOf, statIfThere } from './blob-list.ts';
import { ownedName } from './owner.ts';
import type { StorePaths } from './paths.ts';

/** image-spec 1.1.1, annotations.md: the name of an image in an image layout. */
export const REF_NAME_ANNOTATION = 'org.opencontainers.image.ref.name';

export interface NamedImage {
  /** The complete name, as `formatReference` writes it. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/** NAME_MAX is 255 bytes on all file systems of interest; longer names are filed under their digest. */
const MAX_FILE_NAME = 240;

/** All names, sorted bytewise. Files that are not whole (after power loss) are no names. */
export async function listNames(paths: StorePaths): Promise<readonly NamedImage[]> {
  const found: NamedImage[] = [];
  for (const file of await entriesOf(paths.refs)) {
    const image = await readRef(join(paths.refs, file));
    if (image !== undefined) found.push(image);
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a name stands for. */
export async function resolveName(paths: StorePaths, name: string): Promise<Descriptor | undefined> {
  return (await readRef(refPath(paths, name)))?.descriptor;
}

/**
 * Gives a name to an image, taking it from another one if need be.
 * @throws SealerError INVALID_REFERENCE if the name is not complete
 */
export async function setName(paths: StorePaths, name: string, descriptor: Descriptor): Promise<void> {
  if (formatReference(parseReference(name)) !== name) {
    throw new SealerError('INVALID_REFERENCE', `"${name}" is not a complete name`, {
      hint: `Write ${formatReference(parseReference(name))}.`,
    });
  }
  const content = JSON.stringify({ name, descriptor: withoutRefName(checkDescriptor(descriptor, name)) });
  await writeAtomically(paths, refPath(paths, name), content, { sync: true });
  await deriveIndex(paths);
}

/** Takes a name away. Answers whether there was one. */
export async function removeName(paths: StorePaths, name: string): Promise<boolean> {
  try {
    await unlink(refPath(paths, name));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
  await deriveIndex(paths);
  return true;
}

/** Makes `index.json` say what the refs say. */
export async function deriveIndex(paths: StorePaths): Promise<void> {
  let wanted = indexOf(await listNames(paths));
  while ((await readIndex(paths)) !== wanted) {
    // Not synced: if it is lost, the next open writes it again.
    await writeAtomically(paths, paths.index, wanted, { sync: false });
    wanted = indexOf(await listNames(paths));
  }
}

/**
 * Gives a layout that another tool made its refs. Only entries with a name that is a reference can be kept.
 */
export async function adoptNames(paths: StorePaths): Promise<void> {
  if ((await statIfThere(paths.refs)) !== undefined) return;
  const temporary = join(paths.scratch, ownedName('refs'));
  await mkdir(temporary, { recursive: true });
  for (const { name, descriptor } of namesOfIndex((await readIndex(paths)) ?? '{}')) {
    const content = JSON.stringify({ name, descriptor });
    await writeAtomically(paths, join(temporary, fileNameOf(name)), content, { sync: true });
  }
  try {
    await rename(temporary, paths.refs);
  } catch (error) {
    // Another process was faster; a folder cannot be renamed over one that has content.
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await rm(temporary, { recursive: true, force: true });
  }
}

function refPath(paths: StorePaths, name: string): string {
  return join(paths.refs, fileNameOf(name));
}

/** Percent-encoding of all but `a-z 0-9 . _ -`: capitals too, since some file systems do not tell them from small letters. */
function fileNameOf(name: string): string {
  const encoded = Array.from(Buffer.from(name), (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  return encoded.length <= MAX_FILE_NAME ? encoded : `%${hexOf(digestOf(name))}`;
}

async function readRef(file: string): Promise<NamedImage | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const { name, descriptor } = JSON.parse(text);
    // The name is in the file, too: a file that was put elsewhere by hand must not change what a name means.
    return typeof name === 'string' && fileNameOf(name) === basename(file)
      ? { name, descriptor: checkDescriptor(descriptor, name) }
      : undefined;
  } catch {
    return undefined;
  }
}

function indexOf(images: readonly NamedImage[]): string {
  const manifests = images.map(({ name, descriptor }) => ({
    ...descriptor,
    annotations: { ...descriptor.annotations, [REF_NAME_ANNOTATION]: name },
  }));
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
}

async function readIndex(paths: StorePaths): Promise<string | undefined> {
  try {
    return await readFile(paths.index, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function namesOfIndex(text: string): NamedImage[] {
  try {
    const manifests: unknown = JSON.parse(text).manifests;
    if (!Array.isArray(manifests)) return [];
    return manifests.flatMap((each, i) => {
      const descriptor = checkDescriptor(each, `manifests[${i}]`);
      const written = descriptor.annotations?.[REF_NAME_ANNOTATION];
      if (typeof written !== 'string') return [];
      return [{ name: formatReference(parseReference(written)), descriptor: withoutRefName(descriptor) }];
    });
  } catch (cause) {
    throw new SealerError('STORE_INVALID', 'The index.json of the image layout cannot be read', {
      hint: 'Use another folder for the store.',
      cause,
    });
  }
}

function withoutRefName({ annotations, ...descriptor }: Descriptor): Descriptor {
  const { [REF_NAME_ANNOTATION]: _, ...rest } = annotations ?? {};
  return Object.keys(rest).length === 0 ? descriptor : { ...descriptor, annotations: rest };
}
