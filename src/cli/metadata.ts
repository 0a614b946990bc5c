/** What a build leaves for the tools after it: `--metadata-file`, and the `metadata` output of the action. */

import type { BuildResult } from '../build/index.ts';
import { formatPlatform } from '../oci/platform.ts';

/**
 * The metadata of a build. The `containerimage.*` and `image.name` fields are those of buildx
 * (docker/buildx, `--metadata-file`), so that tools which read them go on working.
 */
export function buildMetadata(result: BuildResult): Readonly<Record<string, unknown>> {
  return {
    'containerimage.digest': result.digest,
    'containerimage.config.digest': result.imageId,
    'containerimage.descriptor': result.descriptor,
    'image.name': result.tags.join(','),
    'sealer.platforms': result.platforms.map(({ platform, manifest, images }) => ({
      platform: formatPlatform(platform),
      digest: manifest.digest,
      images,
    })),
    'sealer.reusedBytes': result.reusedBytes,
    'sealer.fetchedBytes': result.fetchedBytes,
  };
}
