/** What is to be built and published: every cell with a reason, from the data and from what a registry has. */

import type { Digest } from '../oci/digest.ts';
import { type Cell, type Release, releasesOf } from './cells.ts';
import { type Inputs, inputsDigest } from './inputs-digest.ts';
import { leadingTags } from './leading-tags.ts';
import { nextRevision, type PublishedImage } from './published.ts';
import type { VersionsFile } from './versions.ts';

/** A base image as far as the matrix needs it. */
export interface BaseImage {
  readonly versions: VersionsFile;
  readonly inputs: Inputs;
  /** `ghcr.io/sealer/k3s`. */
  readonly repository: string;
  /** What is published. */
  readonly tags: ReadonlySet<string>;
  published(tag: string): Promise<PublishedImage | undefined>;
}

export interface MatrixOptions {
  /** Build also what has not changed. */
  readonly force?: boolean | undefined;
  /** Only cells in whose id one of these texts is: `k3s`, `v1.33`, `calico`, `arm64`. None: all. */
  readonly filter?: readonly string[] | undefined;
  /** Cells to build at most; the others come in the next run. Default: no limit. */
  readonly limit?: number | undefined;
}

export interface MatrixCell extends Cell {
  readonly inputs: Digest;
  readonly build: boolean;
  /** Why it is built, or why not. */
  readonly reason: string;
  /** The place of a cell that is built among those; names the job's output. */
  readonly index: number | undefined;
  readonly repository: string;
}

export interface MatrixRelease extends Omit<Release, 'cells'> {
  readonly repository: string;
  /** `v1.33.4-r2`: never moves. */
  readonly immutable: string;
  /** All tags, the most specific first, the floating ones last. */
  readonly tags: readonly string[];
  /** What the index is to hold: manifests that are published already, and cells that are built now. */
  readonly platforms: readonly ReleasePlatform[];
}

export interface ReleasePlatform {
  readonly platform: Cell['platform'];
  /** Of what is published and stays; undefined: it is built. */
  readonly digest: Digest | undefined;
  /** Of the cell that is built. */
  readonly index: number | undefined;
}

export interface Matrix {
  readonly cells: readonly MatrixCell[];
  /** Those with something new. */
  readonly releases: readonly MatrixRelease[];
}

/**
 * Decides about all cells of base images.
 * @throws what `published` throws
 */
export async function planMatrix(images: readonly BaseImage[], options: MatrixOptions = {}): Promise<Matrix> {
  const cells: MatrixCell[] = [];
  const releases: MatrixRelease[] = [];
  let next = 0;
  for (const image of images) {
    for (const release of releasesOf(image.versions)) {
      const published = await image.published(release.tag);
      const decided = release.cells.map((cell) => decide(cell, image, published, options));
      const wanted = decided.filter(({ build }) => build).length;
      // A release is built whole or later: half of it could not be published.
      const isTooMuch = next + wanted > (options.limit ?? Number.POSITIVE_INFINITY);
      const planned = decided.map((cell): MatrixCell => {
        if (!cell.build) return cell;
        if (isTooMuch) return { ...cell, build: false, reason: `later: ${cell.reason}, but this run is full` };
        return { ...cell, index: next++ };
      });
      cells.push(...planned);
      if (planned.some(({ build }) => build)) releases.push(releaseWith(release, planned, image, published));
    }
  }
  return { cells, releases };
}

function decide(
  cell: Cell,
  { inputs, repository }: BaseImage,
  published: PublishedImage | undefined,
  { force, filter = [] }: MatrixOptions,
): MatrixCell {
  const digest = inputsDigest(cell, inputs);
  const there = published?.platforms.get(cell.platform);
  const isWanted = filter.length === 0 || filter.some((text) => cell.id.includes(text));
  const [build, reason] = reasonFor(digest, there?.inputs, { isWanted, isThere: there !== undefined, force });
  return { ...cell, inputs: digest, build, reason, index: undefined, repository };
}

function reasonFor(
  inputs: Digest,
  published: string | undefined,
  { isWanted, isThere, force }: { isWanted: boolean; isThere: boolean; force: boolean | undefined },
): readonly [boolean, string] {
  if (!isWanted) return [false, 'not asked for'];
  if (!isThere) return [true, 'not published yet'];
  if (published === undefined) return [true, 'the published image does not say what it was made of'];
  if (published !== inputs) return [true, 'its inputs have changed'];
  if (force === true) return [true, 'nothing has changed, but it is asked for'];
  return [false, 'nothing has changed since it was published'];
}

function releaseWith(
  { cells: _, ...release }: Release,
  cells: readonly MatrixCell[],
  { repository, tags }: BaseImage,
  published: PublishedImage | undefined,
): MatrixRelease {
  const immutable = `${release.tag}-r${nextRevision(tags, release.tag)}`;
  // A platform that is neither built nor published, for it was not asked for, is not in the index.
  const platforms = cells.flatMap(({ platform, build, index }): ReleasePlatform[] => {
    if (build) return [{ platform, digest: undefined, index }];
    const digest = published?.platforms.get(platform)?.digest;
    return digest === undefined ? [] : [{ platform, digest, index: undefined }];
  });
  // Then those who follow the minor version on the platform that lacks would be left without one.
  const floating = platforms.length === cells.length ? release.floating : [];
  return {
    ...release,
    repository,
    immutable,
    tags: leadingTags([immutable, release.tag, ...floating], tags),
    platforms,
  };
}
