/** Packed charts: a tar.gz with one folder, read without unpacking and with the limits that helm has. */

import { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import { decompress, detectCompression } from '../../oci/compress/index.ts';
import { readEntries } from '../../oci/tar/index.ts';
import { CHART_DOCUMENTS, type ChartFacts, invalid, MAX_DOCUMENT_BYTES, readChartFacts } from './chart-facts.ts';

/** A packed chart is a few hundred kilobytes; helm refuses more than 100 MiB when it is unpacked. */
export const MAX_ARCHIVE_BYTES = 50 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
const MAX_ENTRIES = 20_000;

/** A file of a chart. */
export interface ChartFile {
  /** Relative to the chart. */
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

/**
 * Reads what a packed chart says of itself.
 * @param label how messages call it
 * @throws SealerError CHART_INVALID, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, CORRUPT_ARCHIVE
 */
export async function readChartArchive(bytes: Buffer, label: string, signal?: AbortSignal): Promise<ChartFacts> {
  const documents = new Map<string, string>();
  const paths: string[] = [];
  const isDocument = (path: string): boolean => CHART_DOCUMENTS.some((name) => name === path);
  for await (const { path, bytes: content } of chartFiles(bytes, label, isDocument, signal)) {
    paths.push(path);
    if (isDocument(path)) documents.set(path, content.toString('utf8'));
  }
  if (!documents.has('Chart.yaml')) {
    throw invalid(`${label} is no chart: it has no Chart.yaml in its folder`, 'Pack it by helm package.');
  }
  return readChartFacts(documents, paths, label);
}

/**
 * All files of a packed chart, in memory.
 * @throws as `readChartArchive`
 */
export async function unpackChart(bytes: Buffer, label: string, signal?: AbortSignal): Promise<readonly ChartFile[]> {
  const files: ChartFile[] = [];
  for await (const file of chartFiles(bytes, label, () => true, signal)) files.push(file);
  return files;
}

async function* chartFiles(
  bytes: Buffer,
  label: string,
  isWanted: (path: string) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChartFile> {
  const limits = { maxEntries: MAX_ENTRIES, maxBytes: MAX_UNPACKED_BYTES };
  try {
    const compression = detectCompression(bytes);
    const tar = decompress(
      Readable.from([bytes]),
      compression,
      { maxBytes: MAX_UNPACKED_BYTES, maxRatio: 250 },
      signal,
    );
    for await (const entry of readEntries(tar, { limits, absoluteNames: 'refuse', signal })) {
      // helm, too, leaves links out of charts.
      if (entry.type !== 'file') continue;
      const path = entry.path.slice(entry.path.indexOf('/') + 1);
      const isRead = entry.path.includes('/') && isWanted(path);
      if (isRead && entry.size > MAX_DOCUMENT_BYTES && CHART_DOCUMENTS.some((name) => name === path)) {
        throw invalid(`${label}: ${path} has ${entry.size} bytes, more than ${MAX_DOCUMENT_BYTES}`);
      }
      const content = isRead ? Buffer.concat(await entry.content.toArray()) : Buffer.alloc(0);
      if (entry.path.includes('/')) yield { path, mode: entry.mode & 0o111 ? 0o755 : 0o644, bytes: content };
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof SealerError) || error.message.startsWith(label)) throw error;
    throw new SealerError(error.code, `${label}: ${error.message}`, { hint: error.hint, cause: error });
  }
}
