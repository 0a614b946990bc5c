/** `sealer lock` */

import { join } from 'node:path';
import { Command } from 'commander';
import type { BuildOptions, BuildWorld, FoundImages } from '../../build/index.ts';
import { groupByReference, type NamedImage } from '../../discover/index.ts';
import { SealerError } from '../../error.ts';
import type { LockChange, NeededContent, ResolvedImage } from '../../image-lock/index.ts';
import type { Digest } from '../../oci/digest.ts';
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
        const { findContainerImages } = await import('../../build/index.ts');
        const world: BuildWorld = { store, client, env, report, signal, version: VERSION };
        const parts: LockParts = { discover: findContainerImages, resolve: resolveNow };
        return await lockContext(options, world, { names, isUpdate: flags.update !== undefined }, parts);
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

/** The two halves of the work: what is needed, and what it is. Given, so that a test can give others. */
export interface LockParts {
  readonly discover: (options: BuildOptions, world: BuildWorld) => Promise<FoundContent>;
  /** Leaves out what is only possibly an image, and is none. */
  readonly resolve: (
    images: readonly NamedImage[],
    platforms: readonly Platform[],
    options: BuildOptions,
    world: BuildWorld,
  ) => Promise<readonly ResolvedImage[]>;
}

type FoundContent = FoundImages & Omit<NeededContent<NamedImage>, 'images'>;

interface LockRequest {
  readonly names: readonly string[];
  readonly isUpdate: boolean;
}

interface LockResult extends Pick<FoundImages, 'problems'> {
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
  { discover, resolve }: LockParts,
): Promise<LockResult> {
  const lock = await import('../../image-lock/index.ts');
  const file = join(options.context, lock.LOCK_FILE);
  const content = await lock.readLockFile(file, options.context);
  const previous = content?.lock ?? lock.EMPTY_LOCK;
  const found = await discover(optionsNow(options, lock.lockedPlatforms(previous)), world);
  const platforms = platformsNow(options, lock.lockedPlatforms(previous), found.platforms);
  const named = groupByReference(found.findings);
  const images = [...named, ...recordedAlone(lock.recordedBesides(previous, named), file)];
  const after = await lock.refreshLock(
    { ...found, images },
    {
      previous,
      names,
      resolve: (wanted) => resolve(wanted, platforms, options, world),
      context: options.context,
      imageLists: options.imageLists,
      documentOf: async (digest: Digest) =>
        (await world.store.stat(digest)) === undefined ? undefined : world.store.document(digest),
    },
  );
  const changes = lock.compareLocks(previous, after);
  const text = lock.writeLock(after, content?.text);
  const isWritten = isUpdate && (await lock.writeLockFile(file, text, options.context));
  return { file, changes, isWritten, problems: found.problems };
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

async function resolveNow(
  images: readonly NamedImage[],
  platforms: readonly Platform[],
  { offline }: BuildOptions,
  { store, client, report, signal }: BuildWorld,
): Promise<readonly ResolvedImage[]> {
  const { resolveImages } = await import('../../cluster-image/index.ts');
  const isOptional = ({ findings }: NamedImage): boolean => findings.every(({ certainty }) => certainty === 'possible');
  const { resolved } = await resolveImages(images, { store, client, platforms, report, signal, offline, isOptional });
  return resolved;
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
