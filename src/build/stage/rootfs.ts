/** A stage's files on disk: unpacked only when a RUN or a COPY --from needs them, and then kept up. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openLayer, unpackLayer } from '../../oci/tar/index.ts';
import type { Builder } from '../builder.ts';
import type { SourceTree } from '../context/source-tree.ts';
import { contentLayers, type StageState } from './state.ts';

export interface StageRootfs {
  /** Absolute. */
  readonly root: string;
  /** A folder beside the rootfs for what must not be in it. */
  readonly outside: string;
  /** How many of the stage's layers it has. */
  applied: number;
}

/** Brings a stage's files on disk up to date. */
export async function ensureRootfs(builder: Builder, state: StageState): Promise<StageRootfs> {
  const { store, signal } = builder.world;
  const rootfs = state.rootfs ?? (await createRootfs(builder));
  state.rootfs = rootfs;
  const layers = contentLayers(state);
  for (const { descriptor } of layers.slice(rootfs.applied)) {
    const options = signal === undefined ? {} : { signal };
    await unpackLayer(await openLayer(store, descriptor, signal), rootfs.root, options);
    rootfs.applied += 1;
  }
  return rootfs;
}

/** The files of a stage or image as something to copy from. */
export function rootfsTree(rootfs: StageRootfs, name: string): SourceTree {
  return { root: rootfs.root, aliases: [], name, links: 'chroot', modes: 'kept' };
}

async function createRootfs(builder: Builder): Promise<StageRootfs> {
  const scratch = builder.cleanup.use(await builder.world.store.scratch('rootfs'));
  const root = join(scratch.path, 'rootfs');
  const outside = join(scratch.path, 'outside');
  await mkdir(root, { mode: 0o755 });
  await mkdir(outside, { mode: 0o700 });
  return { root, outside, applied: 0 };
}
