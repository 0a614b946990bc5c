/** The image for the hosts that there are. */

import { SealerError } from '../../error.ts';
import type { RunnableImage } from './runnable-image.ts';

/**
 * Finds the image for the architecture of hosts.
 * @param find as `ChangeRequest.image`
 * @param hosts their one architecture, as OCI names it, and who they are
 * @throws SealerError IMAGE_UNFIT if it has nothing for them; what finding throws
 */
export async function imageForHosts(
  find: (arch: string) => Promise<RunnableImage>,
  { arch, addresses }: { readonly arch: string; readonly addresses: readonly string[] },
): Promise<RunnableImage> {
  try {
    return await find(arch);
  } catch (error) {
    if (!(error instanceof SealerError) || error.code !== 'PLATFORM_NOT_FOUND') throw error;
    const who =
      addresses.length > 4
        ? `${addresses.slice(0, 3).join(', ')} and ${addresses.length - 3} more`
        : addresses.join(', ');
    throw new SealerError('IMAGE_UNFIT', `${who} ${addresses.length === 1 ? 'is' : 'are'} ${arch}: ${error.message}`, {
      hint: `${error.hint === undefined ? '' : `${error.hint} `}Build the image for linux/${arch} as well (--platform), or take other hosts.`,
      cause: error,
    });
  }
}
