/**
 * `images/skopeo/tar.txt` of sealos: `docker-archive:app.tar@example.com/app:1`, one archive per line; without a name
 * behind the file it means all images of the archive. A build reads these lists together with the archives.
 */

import type { Problem } from '../../error.ts';
import { SealerError } from '../../error.ts';
import { parseReference } from '../../oci/reference.ts';
import type { Finding, Findings } from '../finding.ts';
import { entriesOfList } from './image-list.ts';

const ENTRY = /^(?:docker-archive|oci-archive):[^@]+(?:@(.+))?$/;

/**
 * Finds the names of the images that the archives of a list hold.
 * @param file how to name the file in places
 */
export function findInArchiveList(text: string, file: string): { findings: Finding[]; problems: Problem[] } {
  const found: Findings = { findings: [], problems: [] };
  for (const { entry, at } of entriesOfList(text, file)) {
    const match = ENTRY.exec(entry);
    const name = match?.[1];
    try {
      if (match === null) {
        throw new SealerError('INVALID_REFERENCE', `"${entry}" does not name an archive and its image`, {
          hint: 'An entry looks like docker-archive:app.tar@example.com/app:1.',
        });
      }
      if (name === undefined) continue;
      const reference = parseReference(name);
      found.findings.push({ reference, text: name, at, finder: 'archive', certainty: 'certain' });
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      found.problems.push({ code: error.code, message: error.message, hint: error.hint, at });
    }
  }
  return found;
}
