/** The folder with the base images of a repository: `images/k3s/versions.yaml` and its neighbours. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE_RUNTIMES, type BaseRuntime, parseVersions, type VersionsFile } from '../../base-images/index.ts';
import { isSystemError, SealerError } from '../../error.ts';

export interface ReadVersions {
  readonly runtime: BaseRuntime;
  /** With the Kubefile; the context of its builds. */
  readonly folder: string;
  /** The path of the versions.yaml. */
  readonly file: string;
  readonly text: string;
  readonly versions: VersionsFile;
}

/**
 * Reads the data of base images.
 * @param names which; none: all that there are
 * @throws SealerError USAGE for names that are no base image, PERMISSION, VERSIONS_INVALID
 */
export async function readBaseImages(folder: string, names: readonly string[]): Promise<readonly ReadVersions[]> {
  const unknown = names.find((name) => !BASE_RUNTIMES.some((each) => each === name));
  if (unknown !== undefined) {
    throw new SealerError('USAGE', `There is no base image ${unknown}`, { hint: `Name ${BASE_RUNTIMES.join(', ')}.` });
  }
  const found: ReadVersions[] = [];
  for (const runtime of BASE_RUNTIMES) {
    if (names.length > 0 && !names.includes(runtime)) continue;
    const read = await readOne(join(folder, runtime), runtime);
    if (read !== undefined) found.push(read);
    else if (names.includes(runtime)) throw missing(join(folder, runtime, 'versions.yaml'));
  }
  if (found.length === 0) throw missing(join(folder, 'k3s', 'versions.yaml'));
  return found;
}

async function readOne(folder: string, runtime: BaseRuntime): Promise<ReadVersions | undefined> {
  const file = join(folder, 'versions.yaml');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isSystemError(cause)) throw new SealerError('PERMISSION', `${file} cannot be read`, { cause });
    throw cause;
  });
  if (text === undefined) return undefined;
  const versions = parseVersions(text, file);
  if (versions.runtime === runtime) return { runtime, folder, file, text, versions };
  throw new SealerError('VERSIONS_INVALID', `${file} says that it is of ${versions.runtime}`, { at: { file } });
}

function missing(file: string): SealerError {
  return new SealerError('USAGE', `There is no ${file}`, { hint: 'Say where the base images are: --folder images.' });
}
