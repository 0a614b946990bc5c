/** `sealer images matrix` */

import { Command, InvalidArgumentError } from 'commander';
import type { Matrix, MatrixCell, MatrixRelease } from '../../base-images/index.ts';
import { baseRegistry } from '../../oci/base-name.ts';
import type { CliContext } from '../context.ts';
import {
  collect,
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { formatTable, printResult } from '../print.ts';
import { openSession } from '../session.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly folder: string;
  readonly registry?: string | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly force?: boolean | undefined;
  readonly limit?: number | undefined;
}

const NOTES = `
A cell is a version, a variant and a platform. It is built when what it is made of differs from what the published image says that it was made
of: the annotation io.sealer.base.inputs, a digest over Kubefile, context, data, bases and the version of this program.

With --json: cells (each with build and reason), and build and publish, which are matrices of GitHub Actions.`;

/** Declares `sealer images matrix`. */
export function imagesMatrixCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('matrix'))))
    .description('Show which base images have to be built and published, and why, or why not.')
    .argument('[image...]', 'k3s, k0s or kubeadm (default: all)')
    .option('--folder <folder>', 'the folder of the base images', 'images')
    .option('--registry <registry>', 'where they are published (default: $SEALER_BASE_REGISTRY, else ghcr.io/sealer)')
    .option('--filter <text>', 'only cells in whose name the text is: v1.33, calico, arm64 (repeatable)', collect)
    .option('--force', 'build also what has not changed')
    .option('--limit <count>', 'build no more cells than this; the rest comes in the next run', readCount)
    .addHelpText('after', NOTES)
    .action(async (names: readonly string[], flags: Flags) => {
      const { planMatrix } = await import('../../base-images/index.ts');
      const { openBaseImage } = await import('../base-images/base-image.ts');
      const { readBaseImages } = await import('../base-images/folder.ts');
      const registry = baseRegistry(context.env, flags.registry);
      const read = await readBaseImages(flags.folder, names);
      await using session = await openSession(context, flags);
      const images = await Promise.all(read.map((each) => openBaseImage(each, session.client, registry)));
      const matrix = await planMatrix(images, flags);
      printResult(context, flags, toJson(matrix), () => {
        if (flags.quiet === true) return matrix.cells.flatMap(({ id, build }) => (build ? id : [])).join('\n');
        return formatTable(['CELL', 'BUILD', 'REASON'], matrix.cells.map(rowOf));
      });
    });
}

function rowOf({ id, build, reason }: MatrixCell): readonly string[] {
  return [id, build ? 'yes' : 'no', reason];
}

/** Matrices stand as GitHub wants them; one without anything in it would be an error there, so the counts are beside. */
function toJson({ cells, releases }: Matrix): object {
  const build = cells.filter((cell) => cell.build).map(({ buildArgs: _, inputs: __, ...cell }) => cell);
  return {
    cells,
    build: { include: build },
    publish: { include: releases.map(withNames) },
    count: build.length,
    markdown: markdownOf(cells),
  };
}

/** All tags as complete names, one a line: what `tags` of actions/push takes. */
function withNames(release: MatrixRelease): object {
  return { ...release, names: release.tags.map((tag) => `${release.repository}:${tag}`).join('\n') };
}

function markdownOf(cells: readonly MatrixCell[]): string {
  if (cells.length === 0) return 'No versions.yaml has a version: `sealer images versions --update` writes them.\n';
  const rows = cells.map((cell) => `| ${rowOf(cell).join(' | ')} |`);
  return ['| Cell | Build | Reason |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}
