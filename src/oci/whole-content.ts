/**
 * Content of the store that is shorter or longer than its descriptor says: a disk that filled up, a copy that broke off,
 * a hand. To look at the size costs nothing; only where it is wrong is the content read, and the store mended.
 */

import { SealerError } from '../error.ts';
import type { Descriptor } from './descriptor.ts';
import type { Store } from './store/index.ts';

type Readable = Pick<Store, 'stat' | 'read'>;

/**
 * The size of content that is in the store, as its descriptor has it.
 * @returns `undefined` when the content is not there
 * @throws SealerError DIGEST_MISMATCH when it is broken, and now gone; SIZE_MISMATCH when the descriptor is wrong about it
 */
export async function checkedSize(store: Readable, { digest, size }: Descriptor): Promise<number | undefined> {
  const there = await store.stat(digest);
  if (there === undefined || there === size) return there;
  for await (const _ of await store.read(digest));
  throw new SealerError('SIZE_MISMATCH', `${digest} has ${there} bytes where its descriptor says ${size}`, {
    hint: 'The content is right, so the image that names it is broken: make that one again.',
  });
}

/**
 * Whether content is in the store. What is broken is not, as soon as this has looked.
 * @throws SealerError SIZE_MISMATCH
 */
export async function isThere(store: Readable, descriptor: Descriptor): Promise<boolean> {
  try {
    return (await checkedSize(store, descriptor)) !== undefined;
  } catch (error) {
    if (error instanceof SealerError && error.code === 'DIGEST_MISMATCH') return false;
    throw error;
  }
}
