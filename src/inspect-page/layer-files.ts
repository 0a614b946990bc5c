/** The files of a layer with their digests, and the charts among them: one reading of the layer. */

import { createHash } from 'node:crypto';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Store } from '../oci/store/index.ts';
import { openLayer, type ReadEntry, readEntries } from '../oci/tar/index.ts';
import type { ListedFile } from './file-tree.ts';

export interface LayerFile extends ListedFile {
  readonly isExecutable: boolean;
  /** Its part of the bytes of the layer, which is compressed. */
  readonly stored: number;
  /** The text of a Chart.yaml. */
  readonly chart?: string | undefined;
}

/** More is no Chart.yaml. */
const MAX_CHART_BYTES = 64 * 1024;

/**
 * Reads a layer of the store from its beginning to its end.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, CORRUPT_ARCHIVE
 */
export async function readLayerFiles(
  store: Store,
  layer: Descriptor,
  signal: AbortSignal | undefined,
): Promise<readonly LayerFile[]> {
  const files: Omit<LayerFile, 'stored'>[] = [];
  for await (const entry of readEntries(await openLayer(store, layer, signal), { signal })) {
    files.push(await fileOf(entry));
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  return files.map((file) => ({ ...file, stored: total === 0 ? 0 : (layer.size * file.size) / total }));
}

async function fileOf(entry: ReadEntry): Promise<Omit<LayerFile, 'stored'>> {
  const { path, type, mode, size, linkname } = entry;
  const common = { path, size, isExecutable: type === 'file' && (mode & 0o100) !== 0 };
  if (type === 'whiteout') return { ...common, type: 'removed', size: 0 };
  if (type === 'opaque') return { ...common, path: path === '' ? '*' : `${path}/*`, type: 'removed', size: 0 };
  if (type !== 'file') return { ...common, type, ...(linkname === undefined ? {} : { linkname }) };
  const isChart = path.endsWith('/Chart.yaml') && size <= MAX_CHART_BYTES;
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  if (size > 0) {
    for await (const chunk of entry.content) {
      hash.update(chunk);
      if (isChart) kept.push(chunk);
    }
  }
  return {
    ...{ ...common, type, digest: hash.digest('hex') },
    ...(isChart ? { chart: Buffer.concat(kept).toString('utf8') } : {}),
  };
}
