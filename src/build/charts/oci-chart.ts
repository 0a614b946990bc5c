/** Charts in registries: artifacts with a config and a packed chart of Helm's media types (helm.sh/docs/topics/registries). */

import { type Place, SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import type { Builder } from '../builder.ts';
import { MAX_ARCHIVE_BYTES } from './chart-archive.ts';
import { invalid } from './chart-facts.ts';
import { recallChart, rememberChart } from './chart-memory.ts';
import { type ChartArchive, knowledgeOf, notStored, type WantedChart } from './remote-chart.ts';

const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
/** The second is what Helm before 3.7 pushed. */
const HELM_CONTENT = new Set(['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip']);

/** Whether a source is a chart in a registry. */
export function isOciChart(source: string): boolean {
  return /^oci:\/\//i.test(source);
}

/**
 * Reads `oci://registry/path:version`, with a digest instead of the version or behind it.
 * @throws SealerError BAD_ARGUMENTS
 */
export function parseOciChart(source: string, at: Place): Reference {
  const address = source.replace(/^oci:\/\//i, '');
  const fail = (why: string, cause?: unknown): SealerError =>
    new SealerError('BAD_ARGUMENTS', `${source} is not the address of a chart: ${why}`, {
      at,
      cause,
      hint: 'Write oci://registry.example.com/charts/mysql:9.1.0.',
    });
  const reference = parse(address, fail);
  // Registries of charts have no short names.
  if (!address.startsWith(`${reference.registry}/`)) throw fail('it has no registry host');
  if (!/[:@][^/]*$/.test(address)) throw fail('it has no version');
  return reference;
}

/**
 * Fetches a chart from its registry with the user's credentials, or takes it from the store.
 * @throws SealerError CHART_NOT_FOUND, CHART_INVALID, LOCK_STALE, and what the registry client throws
 */
export async function fetchOciChart(builder: Builder, reference: Reference, at: Place): Promise<ChartArchive> {
  const { store } = builder.world;
  const wanted: WantedChart = { name: `oci://${formatReference(reference)}`, at };
  const digest = await resolve(builder, reference, wanted);
  const { registry, repository } = reference;
  const pinned: Reference = { registry, repository, digest };
  const isOffline = builder.options.offline === true || builder.options.pull === 'never';
  const manifest = await manifestOf(builder, pinned, digest, wanted, isOffline);
  const layer = contentOf(manifest, wanted.name);
  await bringBlob(builder, pinned, layer, wanted, isOffline);
  const bytes = await store.bytes(layer.digest, MAX_ARCHIVE_BYTES);
  if (reference.digest === undefined) {
    await rememberChart(store, wanted.name, { digest });
    builder.lock.charts.set(wanted.name, { digest });
  }
  return { bytes, digest: hexOf(layer.digest) };
}

/** Helm writes a version with a plus, which tags cannot have, with an underscore. */
function parse(address: string, fail: (why: string, cause?: unknown) => SealerError): Reference {
  const [, name = '', rest = ''] = /^(.*?)((?::[^/@]*)?(?:@.*)?)$/.exec(address) ?? [];
  try {
    return parseReference(`${name}${rest.replaceAll('+', '_')}`);
  } catch (error) {
    throw fail(error instanceof SealerError ? error.message : 'it is malformed', error);
  }
}

async function resolve(builder: Builder, reference: Reference, wanted: WantedChart): Promise<Digest> {
  if (reference.digest !== undefined) return reference.digest;
  const { store, client, signal } = builder.world;
  const { pinned, last, isOffline } = knowledgeOf(builder, wanted, await recallChart(store, wanted.name));
  const known = pinned ?? last?.digest;
  if (known !== undefined) return known;
  if (isOffline) throw notStored(wanted);
  return (await orNotFound(wanted, client.resolve(reference, signal))).digest;
}

async function manifestOf(
  { world }: Builder,
  pinned: Reference,
  digest: Digest,
  wanted: WantedChart,
  isOffline: boolean,
): Promise<ImageManifest> {
  const { store, client, signal } = world;
  if ((await store.stat(digest)) === undefined) {
    if (isOffline) throw notStored(wanted);
    const fetched = await orNotFound(wanted, client.document(pinned, signal));
    await store.add(fetched.bytes, fetched.descriptor.mediaType);
  }
  const document = await store.document(digest);
  if (document.kind === 'manifest') return document.manifest;
  throw invalid(`${wanted.name} is no chart but an index of images`);
}

function contentOf({ config, layers }: ImageManifest, name: string): Descriptor {
  const content = layers.find(({ mediaType }) => HELM_CONTENT.has(mediaType));
  if (config.mediaType !== HELM_CONFIG || content === undefined) {
    throw invalid(`${name} is no chart: its type is ${config.mediaType}`, 'Push it by helm push.');
  }
  if (content.size <= MAX_ARCHIVE_BYTES) return content;
  throw invalid(`${name} has ${content.size} bytes, more than the ${MAX_ARCHIVE_BYTES} that a chart may have`);
}

async function bringBlob(
  { world, moved }: Builder,
  pinned: Reference,
  layer: Descriptor,
  wanted: WantedChart,
  isOffline: boolean,
): Promise<void> {
  const { store, client, signal } = world;
  if ((await store.stat(layer.digest)) !== undefined) {
    moved.reused += layer.size;
    return;
  }
  if (isOffline) throw notStored(wanted);
  await using ingest = await store.ingest({ digest: layer.digest, size: layer.size, signal });
  const count = (bytes: number): void => {
    moved.fetched += bytes;
  };
  await orNotFound(wanted, client.fetchBlob(pinned, layer, ingest, count, signal));
  await ingest.commit();
}

async function orNotFound<T>({ name }: WantedChart, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SealerError) || error.code !== 'IMAGE_NOT_FOUND') throw error;
    throw new SealerError('CHART_NOT_FOUND', `The chart ${name} is not there`, {
      hint: 'Check its path and version: helm show chart says what is there.',
      cause: error,
    });
  }
}
