/** `sealer images versions` */

import { Command } from 'commander';
import type { VersionChange, VersionsFile } from '../../base-images/index.ts';
import { SealerError } from '../../error.ts';
import type { ReadVersions } from '../base-images/folder.ts';
import { readMirrors } from '../base-images/mirrors.ts';
import type { CliContext } from '../context.ts';
import { toSealerError } from '../describe-error.ts';
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
import { writeText } from '../user-files.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly folder: string;
  readonly update?: boolean | undefined;
  readonly mirror?: readonly string[] | undefined;
}

const NOTES = `
Examples:
  sealer images versions                      # what versions.yaml of each base image has
  sealer images versions k3s --update         # ask upstream's channels, and write what they say
  sealer images versions --update --json      # for a pull request: what changed, and the same as Markdown

Upstream is asked for nothing but channels, releases, checksums and the digests of container images; of kubeadm also the program itself, which
lists its images. SEALER_MIRRORS has mirrors as well, separated by commas. GITHUB_TOKEN lets GitHub's API answer more often.`;

/** Declares `sealer images versions`. */
export function imagesVersionsCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('versions'))))
    .description('Show the versions of base images, or write what upstream calls current (--update).')
    .argument('[image...]', 'k3s, k0s or kubeadm (default: all)')
    .option('--folder <folder>', 'the folder of the base images', 'images')
    .option('--update', 'ask upstream, and write versions.yaml anew where something changed')
    .option(
      '--mirror <host=address>',
      'ask there instead: a URL for files, a registry for images (repeatable)',
      collect,
    )
    .addHelpText('after', NOTES)
    .action(async (names: readonly string[], flags: Flags) => {
      const { readBaseImages } = await import('../base-images/folder.ts');
      const images = await readBaseImages(flags.folder, names);
      if (flags.update === true) await update(context, images, flags);
      else list(context, images, flags);
    });
}

function list(context: CliContext, images: readonly ReadVersions[], flags: Flags): void {
  printResult(
    context,
    flags,
    images.map(({ file, versions }) => ({ ...versions, file })),
    () => {
      if (flags.quiet === true)
        return images.flatMap(({ versions }) => versions.versions.map(nameOf(versions))).join('\n');
      const rows = images.flatMap(({ runtime, versions }) =>
        versions.versions.map(({ version, notes }) => [
          runtime,
          version,
          versions.architectures.join(','),
          versions.variants.join(','),
          notes ?? '',
        ]),
      );
      return formatTable(['IMAGE', 'VERSION', 'ARCHITECTURES', 'VARIANTS', 'NOTES'], rows);
    },
  );
}

function nameOf({ runtime }: VersionsFile): (entry: { readonly version: string }) => string {
  return ({ version }) => `${runtime} ${version}`;
}

interface Updated {
  readonly image: string;
  readonly file: string;
  readonly changes: readonly VersionChange[];
}

/** What one upstream denies does not keep the others from being written; it is thrown in the end. */
async function update(context: CliContext, images: readonly ReadVersions[], flags: Flags): Promise<void> {
  const { compareEntries, describeChanges, latestVersions, parseVersions, writeVersions } = await import(
    '../../base-images/index.ts'
  );
  const { openUpstream } = await import('../base-images/upstream.ts');
  const mirrors = readMirrors(flags.mirror ?? [], context.env);
  const updated: Updated[] = [];
  const failures: SealerError[] = [];
  await using session = await openSession(context, flags);
  const upstream = openUpstream(context, session.client, mirrors);
  for (const { runtime, file, text, versions } of images) {
    session.report({ type: 'phase', title: `Asking upstream of ${runtime}` });
    try {
      const entries = await latestVersions(versions, upstream);
      const changes = compareEntries(versions.versions, entries);
      if (changes.length > 0) {
        const written = writeVersions(text, entries);
        // Whatever upstream says is held to what a person may write: no file is left that cannot be read.
        parseVersions(written, file);
        await writeText(file, written);
      }
      updated.push({ image: runtime, file, changes });
    } catch (error) {
      failures.push(toSealerError(error, context.signal));
      context.signal.throwIfAborted();
    }
  }
  const markdown = describeChanges(new Map(updated.map(({ image, changes }) => [image, changes])));
  const changed = updated.some(({ changes }) => changes.length > 0);
  printResult(context, flags, { changed, images: updated, markdown }, () => {
    if (flags.quiet === true)
      return updated.flatMap(({ changes, file }) => (changes.length > 0 ? file : [])).join('\n');
    return changed ? markdown.trimEnd() : 'Nothing has changed.';
  });
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1) throw first;
  const problems = failures.map(({ code, message, hint, at }) => ({ code, message, hint, at }));
  throw new SealerError(first.code, `Of ${failures.length} base images upstream did not answer as it should`, {
    problems,
  });
}
