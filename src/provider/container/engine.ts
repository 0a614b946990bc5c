/** The container engine that hosts are made by. */

import { checkEngine } from '../../container-engine/check-engine.ts';
import { EngineClient, EngineError } from '../../container-engine/client.ts';
import { connectionTo } from '../../container-engine/endpoint.ts';
import { SealerError } from '../../error.ts';

export interface HostEngine {
  readonly client: EngineClient;
  readonly kind: 'docker' | 'podman';
}

const HINT =
  'Name hosts that are reached by SSH (--masters 10.0.0.2 --nodes 10.0.0.3), or set DOCKER_HOST to a docker or podman of this machine that runs as root.';

/**
 * Finds the engine of this machine.
 * @param env as processes have it: `DOCKER_HOST` and what else chooses an engine
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT
 */
export async function openHostEngine(env: NodeJS.ProcessEnv): Promise<HostEngine> {
  const { url, kind } = await checkEngine(env).catch((error: unknown) => {
    if (!(error instanceof SealerError)) throw error;
    const reason = error.message.replace(/^A temporary cluster needs a container engine, and none answers/, '').trim();
    const message =
      error.code === 'ENGINE_NOT_FOUND'
        ? `No host is named, and no container engine answers that could make some${reason === '' ? '' : ` ${reason}`}`
        : error.message.replace('cannot run a temporary cluster', 'cannot run hosts');
    throw new SealerError(error.code, message, { hint: HINT, cause: error });
  });
  const connection = connectionTo(url);
  if (typeof connection === 'string') throw new SealerError('ENGINE_UNFIT', connection, { hint: HINT });
  return { client: new EngineClient(connection), kind };
}

/** An engine's own words as an error of ours. */
export function engineError(what: string, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  return new SealerError('ENGINE_ERROR', `${what}: ${error.message}`, {
    hint: 'Run the same command again once the engine is well; what is there already is used.',
    cause: error,
  });
}
