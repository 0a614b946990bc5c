/**
 * `images/skopeo/tar.txt`: a line for each image of an archive, `docker-archive:app.tar@registry/app:v1` or
 * `oci-archive:…` (sealos, pkg/sreg/buildimage/tar_images.go). Without a name behind the file it means all of its images.
 */

import { posix } from 'node:path';
import { type Place, type Problem, SealerError } from '../error.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import { linesOf } from './lines.ts';

export interface ListedArchive {
  /** As written: relative to the list's folder, to `images/`, or to the root. */
  readonly file: string;
  /** What the image is to be called; undefined for all images of the archive under their own names. */
  readonly reference: Reference | undefined;
  readonly at: Place;
}

/** Reads an archive list; what is malformed is a problem, and the rest is still read. */
export function parseArchiveList(
  text: string,
  file: string,
): { readonly entries: readonly ListedArchive[]; readonly problems: readonly Problem[] } {
  const entries: ListedArchive[] = [];
  const problems: Problem[] = [];
  for (const { text: line, at } of linesOf(text, file)) {
    const [, archive, name] = /^(?:docker|oci)-archive:([^@]+)(?:@(.+))?$/.exec(line) ?? [];
    if (archive === undefined) {
      problems.push({
        code: 'MANIFEST_UNREADABLE',
        message: `"${line}" names no archive`,
        hint: 'Write docker-archive:app.tar@registry/app:v1 or oci-archive:app.tar@registry/app:v1.',
        at,
      });
      continue;
    }
    try {
      entries.push({ file: archive, reference: name === undefined ? undefined : parseReference(name), at });
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      problems.push({ code: error.code, message: error.message, hint: error.hint, at });
    }
  }
  return { entries, problems };
}

/** Where the file of a line may be, the nearest first; nothing if it would be outside. */
export function candidatesOf({ file, at }: ListedArchive): readonly string[] {
  const folders = [posix.dirname(at.file), 'images', ''];
  return folders
    .map((folder) => posix.normalize(posix.join('/', folder, `./${file}`)).slice(1))
    .filter((path) => path !== '');
}
