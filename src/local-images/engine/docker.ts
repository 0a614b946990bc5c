/** Images of docker and podman, by Docker's API. */

import { SealerError } from '../../error.ts';
import type { Platform } from '../../oci/platform.ts';
import { familiarReference, formatReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { type EngineAddress, engineAddresses, engineGet, engineJson } from './docker-api.ts';
import type { EngineImage, EngineSource } from './engine.ts';
import { checkPlatform, importFromEngine } from './import-image.ts';

/** A docker or podman. Which of its possible addresses is the right one is found out at the first question. */
export function dockerSource(kind: 'docker' | 'podman', store: Store, env: NodeJS.ProcessEnv): EngineSource {
  let found: EngineAddress | undefined;

  async function ask<T>(question: (address: EngineAddress) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const address of found === undefined ? engineAddresses(kind, env) : [found]) {
      try {
        const answer = await question(address);
        found = address;
        return answer;
      } catch (error) {
        if (!(error instanceof SealerError) || error.code !== 'ENGINE_NOT_FOUND') throw error;
        failure = error;
      }
    }
    throw failure;
  }

  return {
    kind,
    async find(reference, signal): Promise<EngineImage | undefined> {
      for (const name of namesOf(kind, reference)) {
        const answer = await ask((address) => engineJson(kind, address, `/images/${name}/json`, signal));
        if (answer !== undefined) return describe(kind, name, answer);
      }
      return undefined;
    },
    async import(image, reference, platform, options = {}) {
      const { name } = image;
      checkPlatform(kind, image, reference, platform);
      return await importFromEngine(store, { kind, image, reference, platform }, options, async () => {
        const stream = await ask((address) => engineGet(kind, address, `/images/${name}/get`, options.signal));
        if (stream !== undefined) return { stream };
        throw new SealerError('IMAGE_NOT_FOUND', `${kind} has no image ${name} any more`);
      });
    },
  };
}

/** What `podman build -t app:dev` makes is localhost/app:dev there. */
function namesOf(kind: 'docker' | 'podman', reference: Reference): readonly string[] {
  const name = formatReference(reference);
  const short = familiarReference(reference);
  return kind === 'podman' && reference.registry === 'docker.io' && !short.includes('/')
    ? [name, `localhost/${short}`]
    : [name];
}

/** Of `GET /images/{name}/json`: Id, Os, Architecture, Variant. */
function describe(kind: string, name: string, answer: unknown): EngineImage {
  const { Id: id, Os: os, Architecture: architecture, Variant: variant } = Object(answer) as Record<string, unknown>;
  if (typeof id !== 'string' || id === '') throw new SealerError('ENGINE_ERROR', `${kind} tells no Id of ${name}`);
  const isKnown = typeof os === 'string' && os !== '' && typeof architecture === 'string' && architecture !== '';
  const platform: Platform | undefined = isKnown
    ? { os, architecture, ...(typeof variant === 'string' && variant !== '' ? { variant } : {}) }
    : undefined;
  return {
    name,
    id: id.replace(/^(?!sha256:)/, 'sha256:'),
    ...(platform === undefined ? {} : { platforms: [platform] }),
  };
}
