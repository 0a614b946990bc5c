/**
 * Paths inside an archive. They are never used on disk, only looked up among each other; but one that leads outside is a
 * sign of an archive made to do harm in tools that do use them.
 */

import { SealerError } from '../../error.ts';

/**
 * A path without `./` and doubled slashes.
 * @throws SealerError UNSAFE_ARCHIVE if it is absolute or has `..`
 */
export function cleanPath(path: string): string {
  if (path.startsWith('/') || path.includes('\0')) throw unsafe(path);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(path);
  return parts.join('/');
}

/**
 * Where a symbolic link leads. `docker save` links equal layers as `../<id>/layer.tar`, so `..` is fine up to the root.
 * @throws SealerError UNSAFE_ARCHIVE
 */
export function resolveLink(path: string, target: string): string {
  if (target.startsWith('/') || target.includes('\0')) throw unsafe(`${path} -> ${target}`);
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw unsafe(`${path} -> ${target}`);
  }
  return parts.join('/');
}

function unsafe(path: string): SealerError {
  return new SealerError('UNSAFE_ARCHIVE', `The archive holds a path that leads outside: ${JSON.stringify(path)}`, {
    hint: 'Do not load archives from this source.',
  });
}
