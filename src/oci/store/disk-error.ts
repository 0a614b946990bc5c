/** Errors of the disk in the words of people. */

import { isSystemError, SealerError } from '../../error.ts';

/**
 * What a failed file operation means for who uses the store; errors that are not about the disk come back as they are.
 * @param root the store
 * @param needed what was about to be stored, in bytes, if known
 * @returns SealerError DISK_FULL or PERMISSION, or `error` itself
 */
export function diskError(error: unknown, root: string, needed?: number): unknown {
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    const what = needed === undefined ? '' : `; ${needed} bytes are needed for what is being stored`;
    const why = error.code === 'EDQUOT' ? 'The disk quota is used up' : 'No space is left on the disk';
    return new SealerError('DISK_FULL', `${why} of the store ${root}${what}`, {
      hint: 'Free some space (sealer prune), or put the store on a larger disk with SEALER_HOME; a rerun goes on from here.',
      cause: error,
    });
  }
  if (isSystemError(error, 'EACCES', 'EPERM', 'EROFS')) {
    const place = error.path ?? root;
    const why = error.code === 'EROFS' ? 'is on a read-only file system' : 'may not be read or written by this user';
    return new SealerError('PERMISSION', `${place} in the store ${root} ${why}`, {
      hint: 'Let the store belong to the user that runs sealer, or choose another one with SEALER_HOME.',
      cause: error,
    });
  }
  return error;
}

/** Runs file operations on the store and translates their errors. */
export async function onDisk<T>(root: string, work: () => Promise<T>, needed?: number): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, root, needed);
  }
}
