/** The images of an oci-archive: an image layout as a tar. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import { parseDocument } from '../manifest.ts';
import { OCI_INDEX } from '../media-types.ts';
import { formatReference, isReference, parseReference } from '../reference.ts';
import { REF_NAME_ANNOTATION, type Store } from '../store/index.ts';
import { corrupt } from './archive-files.ts';
import { collectContent } from './content.ts';
import type { LoadedImage } from './load.ts';
import { CONTAINERD_NAME_ANNOTATION } from './save-oci.ts';

/**
 * Reads `index.json` and makes sure that every image in it is whole.
 * @throws SealerError CORRUPT_ARCHIVE, INVALID_MANIFEST, SIZE_MISMATCH
 */
export async function imagesOfOciArchive(
  store: Store,
  index: Buffer,
  layout: Buffer | undefined,
): Promise<LoadedImage[]> {
  if (layout !== undefined) checkLayout(layout);
  const document = parseDocument(index, OCI_INDEX);
  if (document.kind !== 'index') throw corrupt('its index.json is not an index');
  const images: LoadedImage[] = [];
  for (const descriptor of document.index.manifests) {
    await checkWhole(store, descriptor);
    images.push({ name: nameOf(descriptor), descriptor: unnamed(descriptor) });
  }
  return images;
}

function checkLayout(layout: Buffer): void {
  let version: unknown;
  try {
    version = JSON.parse(layout.toString('utf8'))?.imageLayoutVersion;
  } catch (cause) {
    throw corrupt('its oci-layout file is not JSON', cause);
  }
  if (typeof version !== 'string' || !version.startsWith('1.')) {
    throw corrupt(`it is an image layout of the unknown version ${JSON.stringify(version)}`);
  }
}

async function checkWhole(store: Store, descriptor: Descriptor): Promise<void> {
  try {
    await collectContent(store, descriptor, new Map());
  } catch (error) {
    const isMissing = error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND';
    throw isMissing ? corrupt(error.message, error) : error;
  }
}

/**
 * The name that an entry of an image layout has. The annotation of the image-spec may hold a mere tag (`v1`), of which
 * nobody knows what it is a tag of; such an image comes without a name.
 */
function nameOf({ annotations }: Descriptor): string | undefined {
  const complete = annotations?.[CONTAINERD_NAME_ANNOTATION];
  if (typeof complete === 'string' && isReference(complete)) return formatReference(parseReference(complete));
  const name = annotations?.[REF_NAME_ANNOTATION];
  const isMoreThanTag = typeof name === 'string' && /[/:]/.test(name) && isReference(name);
  return isMoreThanTag ? formatReference(parseReference(name)) : undefined;
}

function unnamed({ annotations, ...descriptor }: Descriptor): Descriptor {
  const { [REF_NAME_ANNOTATION]: _, [CONTAINERD_NAME_ANNOTATION]: __, ...rest } = annotations ?? {};
  return Object.keys(rest).length === 0 ? descriptor : { ...descriptor, annotations: rest };
}
