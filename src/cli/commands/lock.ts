/** `sealer lock` */

import { join } from 'node:path';
import { Command } from 'commander';
import type { BuildOptions, BuildWorld, OpenImages } from '../../build/index.ts';
import { groupByReference, type NamedImage } from '../../discover/index.ts';
import { SealerError } from '../../error.ts';
import type { LockChange } from '../../image-lock/index.ts';
import { formatPlatform, hostPlatform, type Platform } from '../../oci/platform.ts';
import { formatReference, isReference } from '../../oci/reference.ts';
import { type BuildFlags, toBuildOptions, withBuildFlags } from '../build-flags.ts';
import type { CliContext } from '../context.ts';
import { describeProblem } from '../describe-error.ts';
import {
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { printResult } from '../print.ts';
import { formatCount } from '../progress/index.ts';
import { openSession } from '../session.ts';
import { VERSION } from '../version.ts';

interface Flags extends BuildFlags, OutputFlags, RegistryFlags, StoreFlags {
  /** True for the flag without names. */
  readonly update?: true | readonly string[] | undefined;
  readonly check?: boolean | undefined;
}

const EXAMPLES = `
Examples:
  sealer lock                            # what has changed since images.lock was written
  sealer lock --update                   # take all of it over
  sealer lock deploy --update nginx:1.27 # only this image; all others stay as they are
  sealer lock --check                    # for a scheduled job: exit 1 when something has changed

Every tag is asked for at its registry; no layers are fetched. Images that a recording found are asked for as well.
The platforms are those of the lock, unless --platform says others.`;

/** Declares `sealer lock`. */
export function lockCommand(context: CliContext): Command {
  const command = withBuildFlags(new Command('lock'))
    .option('--update [image...]', 'write what has changed into images.lock: of these images, or of all')
    .option('--check', 'fail when something has changed');
  return withStore(withRegistry(withProgress(command)))
    .description('Show what the names in images.lock stand for by now, and update it.')
    .argument('[context]', 'the folder that COPY, ADD and APP read from', '.')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string, flags: Flags) => {
      const names = namesOf(flags);
      const options = toBuildOptions(folder, flags, context.env);
      const { file, changes, isWritten, problems } = await (async () => {
        await using session = await openSession(context, flags);
        const { store, client, report } = session;
        const { env, signal } = context;
        const { withContainerImages } = await import('../../build/index.ts');
        const world: BuildWorld = { store, client, env, report, signal, version: VERSION };
        const request = { names, isUpdate: flags.update !== undefined };
        return await lockContext(options, world, request, withContainerImages);
      })();
      if (flags.json !== true && flags.quiet !== true) {
        for (const problem of problems) context.stderr.write(`${describeProblem(problem).join('\n')}\n`);
      }
      const { describeChanges } = await import('../../image-lock/index.ts');
      printResult(context, flags, { file, changes, written: isWritten }, () => {
        const lines = describeChanges(changes);
        if (flags.quiet === true) return changes.map(({ name }) => name).join('\n');
        return [...lines, summaryOf(file, changes.length, isWritten, flags)].join('\n');
      });
      if (flags.check === true && changes.length > 0) {
        throw new SealerError('LOCK_STALE', `${file} is stale: ${formatCount(changes.length, 'change')}`, {
          hint: 'Run "sealer lock --update" and commit what it writes.',
        });
      }
    });
}

/** Finds what a context needs, and lets `use` ask what it means. Given, so that a test can give another. */
export type OpenContent = <T>(
  options: BuildOptions,
  world: BuildWorld,
  use: (found: OpenImages) => Promise<T>,
) => Promise<T>;

interface LockRequest {
  readonly names: readonly string[];
  readonly isUpdate: boolean;
}

interface LockResult extends Pick<OpenImages, 'problems'> {
  readonly file: string;
  readonly changes: readonly LockChange[];
  /** Whether the file has other bytes than before. */
  readonly isWritten: boolean;
}

/**
 * Compares the lock of a context with what registries say now, and updates it if asked to.
 * @throws SealerError LOCK_INVALID, USAGE for an image that nobody names, IMAGES_MISSING, and those of a build
 */
export async function lockContext(
  options: BuildOptions,
  world: BuildWorld,
  { names, isUpdate }: LockRequest,
  open: OpenContent,
): Promise<LockResult> {
  const lock = await import('../../image-lock/index.ts');
  const file = join(options.context, lock.LOCK_FILE);
  const content = await lock.readLockFile(file, options.context);
  const previous = content?.lock ?? lock.EMPTY_LOCK;
  const locked = lock.lockedPlatforms(previous);
  return open(optionsNow(options, locked), world, async (found) => {
    const platforms = platformsNow(options, locked, found.platforms);
    const named = groupByReference(found.findings);
    const images = [...named, ...recordedAlone(lock.recordedBesides(previous, named), file)];
    const after = await lock.refreshLock(
      { ...found, images },
      {
        previous,
        names,
        resolve: (wanted) => found.resolve(wanted, platforms),
        context: options.context,
        imageLists: options.imageLists,
      },
    );
    const changes = lock.compareLocks(previous, after);
    const text = lock.writeLock(after, content?.text);
    const isWritten = isUpdate && (await lock.writeLockFile(file, text, options.context));
    return { file, changes, isWritten, problems: found.problems };
  });
}

/** What the lock says plays no part in what there is now, and a base is worth asking for as well. */
function optionsNow(options: BuildOptions, locked: readonly Platform[]): BuildOptions {
  const isLocked = locked.some((each) => formatPlatform(each) === formatPlatform(hostPlatform()));
  // Files are found for one platform that this machine can build; the lock's others get the same names.
  const platforms = options.platforms.length > 0 || isLocked ? options.platforms : locked.slice(0, 1);
  const pull = options.pull === 'missing' && options.offline !== true ? 'newer' : options.pull;
  return { ...options, platforms, pull, lock: 'ignore', record: false };
}

function platformsNow(
  { platforms }: BuildOptions,
  locked: readonly Platform[],
  found: readonly Platform[],
): readonly Platform[] {
  if (platforms.length > 0) return platforms;
  return locked.length > 0 ? locked : found;
}

function recordedAlone(references: readonly NamedImage['reference'][], file: string): readonly NamedImage[] {
  return references.map((reference) => ({
    reference,
    findings: [
      { reference, text: formatReference(reference), at: { file }, finder: 'recording', certainty: 'certain' },
    ],
  }));
}

/**
 * The images that --update names.
 * @throws SealerError USAGE
 */
function namesOf({ update, check }: Flags): readonly string[] {
  if (update !== undefined && check === true) {
    throw new SealerError('USAGE', '--check tells of changes, and --update takes them over', {
      hint: 'Give one of them.',
    });
  }
  const names = update === undefined || update === true ? [] : update;
  for (const name of names) {
    if (isReference(name) || /^(?:oci|https?):\/\//.test(name)) continue;
    throw new SealerError('USAGE', `"${name}" is not the name of an image`, {
      hint: 'Write the folder before the flag: sealer lock . --update nginx:1.27.',
    });
  }
  return names;
}

function summaryOf(file: string, count: number, isWritten: boolean, { update }: Flags): string {
  if (count === 0 && !isWritten) return `${file}: nothing has changed`;
  const changes = count === 0 ? 'what names the images' : formatCount(count, 'change');
  return update === undefined
    ? `${file}: ${changes}; sealer lock --update takes them over`
    : `${file}: ${changes} written`;
}
