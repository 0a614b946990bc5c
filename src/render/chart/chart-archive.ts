/** Charts packed by `helm package`: a .tgz with one folder at its top. */

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SealerError } from '../../error.ts';
import { decompress, sniffCompression } from '../../oci/compress/index.ts';
import { readEntries } from '../../oci/tar/index.ts';

/** helm's own limits: 100 MiB for a chart, 5 MiB for a file of it (helm 4, pkg/chart/loader/archive). */
const MAX_CHART_BYTES = 100 * 1024 ** 2;
const MAX_FILE_BYTES = 5 * 1024 ** 2;
const MAX_FILES = 20_000;

/**
 * The files of a packed chart, by their path in the archive, top folder included.
 * @param file how to name the archive in places
 * @throws SealerError CHART_INVALID; the reason of the signal
 */
export async function readChartArchive(
  archive: Buffer,
  file: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  try {
    const { compression, stream } = await sniffCompression(Readable.from([archive]));
    const tar = decompress(stream, compression, { maxBytes: MAX_CHART_BYTES, maxRatio: Number.MAX_SAFE_INTEGER });
    const limits = { maxEntries: MAX_FILES, maxBytes: MAX_CHART_BYTES };
    for await (const entry of readEntries(tar, { limits, devices: 'skip', ...(signal && { signal }) })) {
      if (entry.type !== 'file') continue;
      if (entry.size > MAX_FILE_BYTES) throw new SealerError('ARCHIVE_TOO_LARGE', `${entry.path} is over 5 MiB`);
      files.set(entry.path, await buffer(entry.content));
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof SealerError)) throw error;
    throw new SealerError('CHART_INVALID', `The chart's archive cannot be read: ${error.message}`, {
      at: { file },
      cause: error,
    });
  }
  return files;
}
