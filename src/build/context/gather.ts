/** The sources of one COPY, ADD or APP: what decides about the layer, and, only if that is new, the entries themselves. */

import { type Place, SealerError } from '../../error.ts';
import type { Builder } from '../builder.ts';
import { warn } from '../builder.ts';
import type { CopyEntry, CopySource } from '../instructions/destination.ts';
import { openFileDigests } from './file-digests.ts';
import type { SourceTree } from './source-tree.ts';
import { findSources } from './sources.ts';
import { type SourceEntry, walkSource } from './walk.ts';

export interface Gathered {
  /** JSON; with the same inputs `load` gives the same. */
  readonly inputs: unknown;
  /** Paths of files relative to the destination folder, as far as they are known without loading. */
  readonly files: readonly string[];
  readonly load: () => Promise<readonly CopySource[]>;
}

/**
 * Gathers from the build context: files are hashed (or known from before), nothing is copied.
 * @throws SealerError SOURCE_NOT_FOUND, SOURCE_OUTSIDE_CONTEXT
 */
export async function gatherFromContext(builder: Builder, source: string, at: Place): Promise<Gathered> {
  const { tree } = builder.context;
  const onSkipped = (path: string): void =>
    warn(builder, {
      code: 'SOURCE_NOT_FOUND',
      message: `${path} is a socket, pipe or device and is left out`,
      at,
    });
  const sources: CopySource[] = [];
  for (const { name, path, isDirectory } of findSources(tree, source, at)) {
    const entries = walkSource(tree, path, onSkipped);
    sources.push({ name, isDirectory, entries: await withDigests(builder, entries) });
  }
  return { inputs: sources.map(inputOf), files: sources.flatMap(filesOf), load: async () => sources };
}

/**
 * Gathers from the rootfs of a stage or image, which is unpacked only when needed.
 * @param identity digests of the layers that make it up
 */
export function gatherFromTree(
  builder: Builder,
  identity: readonly string[],
  open: () => Promise<SourceTree>,
  source: string,
  at: Place,
): Gathered {
  const load = async (): Promise<readonly CopySource[]> => {
    const tree = await open();
    const digests = await openFileDigests(builder.world.store, tree.root);
    const sources: CopySource[] = [];
    for (const { name, path, isDirectory } of findSources(tree, source, at)) {
      const entries = walkSource(tree, path, () => {});
      sources.push({ name, isDirectory, entries: await withDigests(builder, entries, digests, false) });
    }
    return sources;
  };
  return { inputs: ['from', identity, source], files: [], load };
}

/** Changes the mode of everything but links, as docker's --chmod does. */
export function withMode(sources: readonly CopySource[], mode: number | undefined): readonly CopySource[] {
  if (mode === undefined) return sources;
  return sources.map((source) => ({
    ...source,
    entries: source.entries.map((entry) => (entry.type === 'symlink' ? entry : { ...entry, mode })),
  }));
}

/**
 * Reads an octal mode.
 * @throws SealerError BAD_FLAG
 */
export function parseMode(text: string, at: Place): number {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new SealerError('BAD_FLAG', `--chmod=${text} is not an octal mode`, { at, hint: 'Write --chmod=0644.' });
}

async function withDigests(
  builder: Builder,
  entries: readonly SourceEntry[],
  digests = builder.digests,
  hasOrigins = true,
): Promise<CopyEntry[]> {
  const files = entries.filter((entry) => entry.type === 'file');
  const results = (await digests.digests(files, builder.world.signal)).values();
  return entries.map(({ path, type, mode, size, linkname, file, stats, origin }) => ({
    path,
    type,
    mode,
    size,
    ...(linkname === undefined ? {} : { linkname }),
    ...(type === 'file' ? { content: { file }, digest: results.next().value, stats } : {}),
    ...(hasOrigins ? { origin } : {}),
  }));
}

function inputOf({ name, isDirectory, entries }: CopySource): unknown {
  const facts = entries.map(({ path, type, mode, linkname, digest }) => [
    path,
    type,
    mode,
    linkname ?? '',
    digest ?? '',
  ]);
  // readdir has no order of its own.
  return [name, isDirectory, facts.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))];
}

function filesOf({ name, isDirectory, entries }: CopySource): string[] {
  if (!isDirectory) return [name];
  return entries.filter((entry) => entry.type !== 'directory').map((entry) => entry.path);
}
