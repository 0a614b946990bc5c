/**
 * `RUN --mount`: caches and secrets, put where the command expects them and taken away after it. Without root nothing can
 * be mounted, so each is a symbolic link to a folder or file outside the rootfs.
 */

import { lstatSync } from 'node:fs';
import { mkdir, rename, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Mount, RunInstruction } from '../../kubefile/ast.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { Builder } from '../builder.ts';
import { resolveInside } from '../context/source-tree.ts';
import { cleanDestination } from '../instructions/destination.ts';
import { rootfsTree, type StageRootfs } from '../stage/rootfs.ts';

export interface PlacedMounts {
  /** Secrets that are asked for as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Values that must not be seen. */
  readonly secrets: readonly string[];
  /** Makes the rootfs what it would be without the mounts. */
  release(): Promise<void>;
}

/** Places the mounts of a RUN; on failure those that were placed are taken away. */
export async function placeMounts(
  builder: Builder,
  rootfs: StageRootfs,
  workdir: string,
  { mounts }: RunInstruction,
): Promise<PlacedMounts> {
  const env: Record<string, string> = {};
  const secrets: string[] = [];
  const undo: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    for (const mount of mounts) {
      const source = await sourceOf(builder, rootfs, mount, { env, secrets }, undo);
      if (source === undefined) continue;
      const target = mount.type === 'secret' ? (mount.target ?? `/run/secrets/${mount.id}`) : mount.target;
      await placeLink(rootfs, cleanDestination(workdir, target), source, undo);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { env, secrets, release };
}

/** The file or folder behind a mount; undefined for a secret that is only a variable, or that is not given. */
async function sourceOf(
  builder: Builder,
  rootfs: StageRootfs,
  mount: Mount,
  found: { env: Record<string, string>; secrets: string[] },
  undo: (() => Promise<void>)[],
): Promise<string | undefined> {
  if (mount.type === 'cache') {
    const folder = join(await builder.world.store.cacheFolder('mounts'), hexOf(digestOf(mount.id ?? mount.target)));
    await mkdir(folder, { recursive: true });
    return folder;
  }
  const value = builder.secrets.get(mount.id);
  if (value === undefined) return undefined;
  found.secrets.push(value.toString());
  if (mount.env !== undefined) found.env[mount.env] = value.toString();
  if (mount.env !== undefined && mount.target === undefined) return undefined;
  const file = join(rootfs.outside, `secret-${hexOf(digestOf(mount.id)).slice(0, 16)}`);
  await writeFile(file, value, { mode: mount.mode & 0o700 });
  undo.push(() => unlink(file));
  return file;
}

async function placeLink(
  rootfs: StageRootfs,
  target: string,
  source: string,
  undo: (() => Promise<void>)[],
): Promise<void> {
  // Links in the rootfs mean its own root: followed as they are, they would lead into the build machine.
  const path = resolveInside(rootfsTree(rootfs, 'the rootfs'), target);
  const place = join(rootfs.root, path);
  await makeParents(rootfs.root, dirname(path), undo);
  if (exists(place)) {
    const aside = join(rootfs.outside, `aside-${hexOf(digestOf(path)).slice(0, 16)}`);
    await rename(place, aside);
    undo.push(() => rename(aside, place));
  }
  await symlink(source, place);
  undo.push(() => unlink(place).catch(() => {}));
}

/** Folders that were made only for a mount go with it, unless the command put something there. */
async function makeParents(root: string, folder: string, undo: (() => Promise<void>)[]): Promise<void> {
  if (folder === '.' || exists(join(root, folder))) return;
  await makeParents(root, dirname(folder), undo);
  await mkdir(join(root, folder), { mode: 0o755 });
  undo.push(() => rmdir(join(root, folder)).catch(() => {}));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
