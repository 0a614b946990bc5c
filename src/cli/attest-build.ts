/** What a build attaches to its image when it is asked to: SBOM, provenance, signature. */

import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { BuildFacts, MadeAttestation, Material, Signer } from '../attest/index.ts';
import type { BuildOptions, BuildResult } from '../build/index.ts';
import { digestOf, isDigest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { Store } from '../oci/store/index.ts';
import { VERSION } from './version.ts';

export interface AttestBuild {
  readonly sbom: boolean;
  readonly provenance: boolean;
  readonly signer: Signer | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Attests a built image.
 * @throws SealerError of the signer
 */
export async function attestBuild(
  store: Store,
  result: BuildResult,
  options: BuildOptions,
  { sbom, provenance, signer, env, signal }: AttestBuild,
): Promise<readonly MadeAttestation[]> {
  const { attestImage, buildPlace, provenancePredicate } = await import('../attest/index.ts');
  const predicate = provenance
    ? provenancePredicate(await factsOf(store, result, options, env), buildPlace(env))
    : undefined;
  return await attestImage(store, result.descriptor, { sbom, provenance: predicate, signer, version: VERSION, signal });
}

async function factsOf(
  store: Store,
  result: BuildResult,
  options: BuildOptions,
  env: NodeJS.ProcessEnv,
): Promise<BuildFacts> {
  const { context, file = join(context, 'Kubefile'), target, type, buildArgs } = options;
  // Paths of somebody's machine are nobody's business: below the repository, or below the context.
  const root = env.GITHUB_ACTIONS === 'true' && env.GITHUB_WORKSPACE ? env.GITHUB_WORKSPACE : context;
  const below = (path: string): string => relative(resolve(root), resolve(path)) || '.';
  return {
    kubefile: { path: below(file), digest: digestOf(await readFile(file)) },
    context: below(context),
    target,
    type,
    platforms: result.platforms.map(({ platform }) => formatPlatform(platform)),
    buildArgs: Object.keys(buildArgs),
    materials: await materialsOf(store, result),
    version: VERSION,
  };
}

/** Bases (those that the Kubefile pins by digest are in the manifests only), charts, and every container image. */
async function materialsOf(store: Store, { materials, platforms }: BuildResult): Promise<readonly Material[]> {
  const found: Material[] = [...materials];
  for (const { manifest, images } of platforms) {
    const document = await store.document(manifest.digest);
    const annotations = (document.kind === 'manifest' ? document.manifest.annotations : undefined) ?? {};
    const name = annotations['org.opencontainers.image.base.name'];
    const digest = annotations['org.opencontainers.image.base.digest'] ?? '';
    const isKnown = found.some((each) => each.kind === 'base' && each.digest === digest);
    if (name !== undefined && isDigest(digest) && !isKnown) found.push({ kind: 'base', name, digest });
    found.push(...images.map(({ reference, digest }) => ({ kind: 'image', name: reference, digest }) as const));
  }
  return found;
}
