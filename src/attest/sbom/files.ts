/** What of a cluster image's own files goes into its SBOM: programs with their checksums, and charts. */

import { createHash } from 'node:crypto';
import { LAYER_ANNOTATION } from '../../cluster-image/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import type { Store } from '../../oci/store/index.ts';
import { openLayer, type ReadEntry, readEntries } from '../../oci/tar/index.ts';
import { mergeLayers } from '../../oci/tree/index.ts';
import { type Chart, chartsInArchive, MAX_CHART_BYTES, readChart } from './charts.ts';

export interface Program {
  /** From the image's root: `bin/kubectl`. */
  readonly path: string;
  readonly isElf: boolean;
  readonly sha1: string;
  readonly sha256: string;
}

export interface PlacedChart extends Chart {
  /** Of its Chart.yaml or archive. */
  readonly path: string;
  /** Of the archive; undefined for a folder. */
  readonly sha256: string | undefined;
}

export interface OwnFiles {
  readonly programs: readonly Program[];
  readonly charts: readonly PlacedChart[];
}

/**
 * Reads the layers that are not container images, each once. A program is what lies in `bin/`, and what is in ELF
 * wherever it lies; only what a higher layer has not replaced or removed counts.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH and others of the layers
 */
export async function ownFiles(store: Store, manifest: ImageManifest, signal?: AbortSignal): Promise<OwnFiles> {
  const layers = manifest.layers.filter(({ annotations }) => annotations?.[LAYER_ANNOTATION] !== 'images');
  const names = await visibleNames(store, layers, signal);
  const programs: Program[] = [];
  const charts: PlacedChart[] = [];
  for (const [layer, descriptor] of layers.entries()) {
    const found = new Map<string, Found>();
    for await (const entry of readEntries(await openLayer(store, descriptor, signal), { signal })) {
      // The same path may come twice in a layer; the last one counts.
      const seenAs = entry.type === 'file' ? names.get(`${layer}:${entry.path}`) : undefined;
      if (seenAs !== undefined) found.set(entry.path, await look(entry, seenAs.some(isInBin)));
    }
    for (const [path, { program, charts: inside }] of found) {
      for (const name of names.get(`${layer}:${path}`) ?? []) {
        if (program !== undefined && (program.isElf || isInBin(name))) programs.push({ ...program, path: name });
        charts.push(...inside.map((chart) => ({ ...chart, path: name })));
      }
    }
  }
  return { programs: programs.sort(byPath), charts: charts.sort(byPath) };
}

/** Of each file in a layer the paths under which it can be seen: its own, and those of hard links to it. */
async function visibleNames(
  store: Store,
  layers: readonly Descriptor[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const tree = await mergeLayers(store, layers, signal);
  const names = new Map<string, string[]>();
  for (const { path, origin } of tree.list()) {
    // What the Go sealer's images carry for their registry is told by the container images.
    if (origin === undefined || path.startsWith('registry/')) continue;
    const key = `${origin.layer}:${origin.path}`;
    names.set(key, [...(names.get(key) ?? []), path]);
  }
  return names;
}

interface Found {
  readonly program: Omit<Program, 'path'> | undefined;
  readonly charts: readonly (Chart & { readonly sha256: string | undefined })[];
}

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const NOTHING: Found = { program: undefined, charts: [] };

async function look(entry: ReadEntry, isTool: boolean): Promise<Found> {
  const { path, size } = entry;
  if (/(?:^|\/)Chart\.yaml$/.test(path) && size <= MAX_CHART_BYTES) {
    const chart = readChart((await bytesOf(entry)).toString('utf8'));
    return chart === undefined ? NOTHING : { program: undefined, charts: [{ ...chart, sha256: undefined }] };
  }
  if (path.endsWith('.tgz') && size <= MAX_CHART_BYTES) {
    const bytes = await bytesOf(entry);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { program: undefined, charts: (await chartsInArchive(bytes)).map((chart) => ({ ...chart, sha256 })) };
  }
  return { program: await hash(entry, isTool), charts: [] };
}

/** Checksums of what may be a program; most files are neither in `bin/` nor ELF, and are left after their first bytes. */
async function hash({ content }: ReadEntry, isTool: boolean): Promise<Omit<Program, 'path'> | undefined> {
  const [sha1, sha256] = [createHash('sha1'), createHash('sha256')];
  let head = Buffer.alloc(0);
  const isElf = (): boolean => head.subarray(0, ELF.length).equals(ELF);
  for await (const chunk of content as AsyncIterable<Buffer>) {
    if (head.length < ELF.length) head = Buffer.concat([head, chunk.subarray(0, ELF.length)]);
    if (!isTool && head.length >= ELF.length && !isElf()) return undefined;
    sha1.update(chunk);
    sha256.update(chunk);
  }
  if (!isTool && !isElf()) return undefined;
  return { isElf: isElf(), sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
}

function isInBin(path: string): boolean {
  return path.startsWith('bin/');
}

async function bytesOf({ content }: ReadEntry): Promise<Buffer> {
  return Buffer.concat(await content.toArray());
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}
