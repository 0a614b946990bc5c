/** The image of a preview: built here, or found; and what the base branch's image has that it has not. */

import { build } from '../build/index.ts';
import { findImage, runnableImage, VERSION } from '../cli/index.ts';
import { compareImages, type ImageComparison, type ImageSpec, inspectImage } from '../cluster-image/index.ts';
import { SealerError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { selectPlatform } from '../oci/manifest.ts';
import { hostPlatform } from '../oci/platform.ts';
import { isReference, parseReference, type Reference } from '../oci/reference.ts';
import { pullBlob } from '../registry/client/index.ts';
import { toBuildOptions } from './build-action.ts';
import { type RunInputs, readBuildInputs } from './inputs/index.ts';
import type { PreviewImage } from './preview/index.ts';
import type { Session } from './session.ts';

export interface ImageSetting {
  readonly session: Session;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Builds the image of `context`, or finds that of `image`.
 * @param cluster what a built image is called by
 * @throws SealerError USAGE if there is neither, and what builds and registries throw
 */
export async function previewImage(inputs: RunInputs, cluster: string, setting: ImageSetting): Promise<PreviewImage> {
  const { session, signal } = setting;
  const { name, descriptor } = await buildOrFind(inputs, cluster, setting);
  const spec = await inspectImage(session.store, descriptor, { platform: hostPlatform() });
  signal.throwIfAborted();
  const comparison = await compareWithBase({ ...spec, name }, inputs.preview.baseImage, session);
  return { name, digest: descriptor.digest, size: spec.size, comparison };
}

async function buildOrFind(
  { image, preview, pull }: RunInputs,
  cluster: string,
  { session, env, signal }: ImageSetting,
): Promise<{ readonly name: string; readonly descriptor: Descriptor }> {
  const { store, client, report } = session;
  const { context, file = '' } = preview;
  if (image !== undefined) {
    const world = { store, client, report, signal };
    await runnableImage(world, image, hostPlatform().architecture, { pull });
    const { descriptor } = await findImage(store, image);
    return { name: image, descriptor };
  }
  if (context === undefined) {
    throw new SealerError('USAGE', 'There is neither an image for the preview nor a folder to build it of', {
      hint: 'Set context, or build before and set image to its digest.',
    });
  }
  const given: Readonly<Record<string, string>> = { context, file, tags: `preview/${cluster}:latest` };
  const options = toBuildOptions(
    readBuildInputs((name) => given[name] ?? ''),
    [],
    env,
  );
  const built = await build(options, { store, client, env, report, signal, version: VERSION });
  return { name: built.tags[0] ?? built.digest, descriptor: built.descriptor };
}

/** A base image that is not there, or cannot be read, costs the comparison and nothing else. */
async function compareWithBase(
  spec: ImageSpec,
  baseImage: string | undefined,
  { store, client, report }: Session,
): Promise<ImageComparison | undefined> {
  if (baseImage === undefined) return undefined;
  try {
    const base = await readBase(baseImage, { store, client });
    return compareImages({ ...base, name: baseImage }, spec);
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    const message = `There is nothing to compare with: ${error.message}`;
    report({ type: 'note', level: 'warning', message, hint: error.hint });
    return undefined;
  }
}

async function readBase(name: string, { store, client }: Pick<Session, 'store' | 'client'>): Promise<ImageSpec> {
  const platform = hostPlatform();
  if (!isReference(name)) return await inspectImage(store, (await findImage(store, name)).descriptor, { platform });
  const reference = parseReference(name);
  const descriptor = await fetchDescription(reference, { store, client }).catch(async (error: unknown) => {
    const known = await findImage(store, name).catch(() => undefined);
    if (known === undefined) throw error;
    return known.descriptor;
  });
  return await inspectImage(store, descriptor, { platform });
}

/** Manifests and config alone: what an image says of itself needs none of its layers. */
async function fetchDescription(
  reference: Reference,
  { store, client }: Pick<Session, 'store' | 'client'>,
): Promise<Descriptor> {
  const top = await client.document(reference);
  await store.add(top.bytes, top.descriptor.mediaType);
  const document =
    top.kind === 'manifest'
      ? top
      : await client.document({
          ...reference,
          digest: selectPlatform(top.index, hostPlatform(), reference.repository).digest,
        });
  if (document.kind === 'index') throw new SealerError('INVALID_MANIFEST', 'An index has an index inside');
  await store.add(document.bytes, document.descriptor.mediaType);
  await pullBlob(client, store, reference, document.manifest.config);
  return top.descriptor;
}
