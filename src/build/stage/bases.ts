/** The images that FROM and `COPY --from` name: from the store, or from their registry as the pull policy says. */

import { type Place, SealerError } from '../../error.ts';
import { baseReference, baseRegistry } from '../../oci/base-name.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import { selectPlatform } from '../../oci/manifest.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../../oci/platform.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { isThere } from '../../oci/whole-content.ts';
import { pullImage } from '../../registry/client/index.ts';
import type { Builder } from '../builder.ts';
import type { BaseImage } from './state.ts';

/**
 * Finds an image and all its content for a platform, pulling what is missing.
 * @throws SealerError BASE_NOT_FOUND, PLATFORM_NOT_FOUND, INVALID_REFERENCE, and what a registry may answer; all with the place
 */
export async function findBase(builder: Builder, name: string, platform: Platform, at: Place): Promise<BaseImage> {
  try {
    const reference = await referenceOf(builder, name);
    const complete = formatReference(reference);
    const wanted = reference.digest === undefined ? pin(builder, reference, complete) : reference;
    const descriptor = await locate(builder, wanted, platform);
    if (reference.digest === undefined) builder.lock.bases.set(complete, { digest: descriptor.digest });
    return await readBase(builder, reference, descriptor, platform);
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    if (error.code === 'IMAGE_NOT_FOUND' || error.code === 'BASE_NOT_FOUND')
      throw baseNotFound(name, at, error, builder);
    const { code, message, hint, problems } = error;
    throw error.at === undefined ? new SealerError(code, message, { hint, at, cause: error, problems }) : error;
  }
}

/** What a name means: of the bare names of base images ours, unless somebody has built an image of that very name here. */
async function referenceOf({ world, options }: Builder, name: string): Promise<Reference> {
  const plain = parseReference(name);
  const base = baseReference(name, baseRegistry(world.env, options.baseRegistry));
  if (base === undefined || (await world.store.resolve(formatReference(plain))) !== undefined) return plain;
  return base;
}

/** The reference with the digest that the lock has for it. */
function pin({ lock, options }: Builder, reference: Reference, name: string): Reference {
  const digest = lock.before?.bases.get(name)?.digest;
  if (digest !== undefined) return { ...reference, digest };
  if (options.lock !== 'require') return reference;
  throw new SealerError('LOCK_STALE', `The base ${name} is not in ${lock.file}`, {
    hint: 'Run "sealer build --lock", and commit what it writes.',
  });
}

async function locate(builder: Builder, reference: Reference, platform: Platform): Promise<Descriptor> {
  const { store, client, signal } = builder.world;
  const stored = await findStored(builder, reference);
  const isUsable = stored !== undefined && (await isComplete(builder, reference, stored, platform));
  // Content that is named by its digest cannot become newer.
  const asked = builder.options.offline === true ? 'never' : builder.options.pull;
  const policy = reference.digest === undefined || asked === 'never' ? asked : 'missing';
  if (policy === 'never') {
    if (stored !== undefined && isUsable) return stored;
    throw new SealerError('BASE_NOT_FOUND', 'not in the store');
  }
  if (policy === 'missing' && stored !== undefined && isUsable) return stored;
  if (policy === 'newer' && stored !== undefined && isUsable) {
    const newest = await resolveOrUndefined(builder, reference);
    if (newest === undefined || newest.digest === stored.digest) return stored;
  }
  const { report } = builder.world;
  const pulled = await pullImage(client, store, reference, {
    platforms: [platform],
    report,
    ...(signal === undefined ? {} : { signal }),
  });
  builder.moved.fetched += pulled.moved;
  builder.moved.reused += pulled.reused;
  await store.tag(formatReference(reference), pulled.descriptor);
  return pulled.descriptor;
}

/** The registry being away is no reason to fail where only something newer was asked for. */
async function resolveOrUndefined(builder: Builder, reference: Reference): Promise<Descriptor | undefined> {
  const { client, signal, report } = builder.world;
  try {
    return await client.resolve(reference, signal);
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    const name = familiarReference(reference);
    report({ type: 'note', level: 'info', message: `${name} is taken from the store: ${error.message}` });
    return undefined;
  }
}

async function findStored({ world }: Builder, reference: Reference): Promise<Descriptor | undefined> {
  const named = await world.store.resolve(formatReference(reference));
  if (named !== undefined || reference.digest === undefined) return named;
  if ((await world.store.stat(reference.digest)) === undefined) return undefined;
  return (await world.store.document(reference.digest)).descriptor;
}

/** An index may stand in the store with only some of its platforms. */
async function isComplete(
  builder: Builder,
  reference: Reference,
  top: Descriptor,
  platform: Platform,
): Promise<boolean> {
  const { store } = builder.world;
  try {
    const manifest = await manifestFor(builder, reference, top, platform);
    if ((await store.stat(manifest.digest)) === undefined) return false;
    const document = await store.document(manifest.digest);
    if (document.kind !== 'manifest') return false;
    const parts = [document.manifest.config, ...document.manifest.layers];
    return (await Promise.all(parts.map((part) => isThere(store, part)))).every(Boolean);
  } catch (error) {
    if (error instanceof SealerError && (error.code === 'IMAGE_NOT_FOUND' || error.code === 'PLATFORM_NOT_FOUND'))
      return false;
    throw error;
  }
}

async function manifestFor(
  builder: Builder,
  reference: Reference,
  top: Descriptor,
  platform: Platform,
): Promise<Descriptor> {
  const document = await builder.world.store.document(top.digest);
  if (document.kind === 'manifest') return document.descriptor;
  return selectPlatform(document.index, platform, familiarReference(reference));
}

async function readBase(
  builder: Builder,
  reference: Reference,
  top: Descriptor,
  platform: Platform,
): Promise<BaseImage> {
  const { store } = builder.world;
  const descriptor = await manifestFor(builder, reference, top, platform);
  const document = await store.document(descriptor.digest);
  if (document.kind !== 'manifest') {
    throw new SealerError('INVALID_MANIFEST', `${familiarReference(reference)} has an index inside its index`, {
      hint: 'Name the inner image by its digest.',
    });
  }
  const config = parseImageConfig(await store.bytes(document.manifest.config.digest));
  const own: Platform = { os: config.os, architecture: config.architecture, variant: config.variant };
  if (config.architecture !== '' && !matchesPlatform(platform, own)) {
    throw new SealerError(
      'PLATFORM_NOT_FOUND',
      `${familiarReference(reference)} is for ${formatPlatform(own)}, not for ${formatPlatform(platform)}`,
      { hint: `Find a base for ${formatPlatform(platform)}, or write FROM --platform=${formatPlatform(own)}.` },
    );
  }
  return {
    name: formatReference(reference),
    descriptor: top,
    manifestDescriptor: document.descriptor,
    manifest: document.manifest,
    config,
  };
}

function baseNotFound(name: string, at: Place, cause: SealerError, { options }: Builder): SealerError {
  const flag = options.offline === true ? '--offline' : '--pull=never';
  const isForbidden = options.offline === true || options.pull === 'never';
  const where = isForbidden ? `in the store, and ${flag} forbids to ask its registry` : 'there';
  return new SealerError('BASE_NOT_FOUND', `The image ${name} is not ${where}`, {
    at,
    cause,
    hint: isForbidden
      ? `Run "sealer pull ${name}" first, or build without ${flag}.`
      : (cause.hint ?? 'Check its name and tag; to start from nothing write FROM scratch.'),
  });
}
