/** Finds the engine and says what it lacks, before anything is started. */

import { isSystemError, SealerError } from '../error.ts';
import { findCandidates } from './candidates.ts';
import { EngineClient } from './client.ts';
import { connectionTo, type Endpoint, isOwnAddress } from './endpoint.ts';
import { type EngineFacts, parseFacts } from './facts.ts';
import { type MinorVersion, whatLacks } from './fitness.ts';

/** Long enough for an engine that systemd starts on the first call to its socket. */
const ANSWER_MS = 15_000;

/**
 * Finds a container engine on which a temporary cluster can run.
 * @param version the Kubernetes that is to run there, where it is known
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_UNFIT
 */
export async function checkEngine(env: NodeJS.ProcessEnv, version?: MinorVersion): Promise<EngineFacts> {
  const lacks: SealerError[] = [];
  const silent: Failure[] = [];
  for (const endpoint of await findCandidates(env)) {
    const answer = await ask(endpoint, env);
    if (answer instanceof SealerError) lacks.push(answer);
    else if ('reason' in answer) silent.push(answer);
    else {
      const lack = whatLacks(answer, version);
      if (lack === undefined) return answer;
      lacks.push(unfit(answer, lack.message, lack.hint));
    }
  }
  // An engine that answers and does not fit says more than sockets that are not there.
  throw lacks[0] ?? notFound(silent);
}

/** The error for an engine that cannot run a cluster. */
export function unfit(
  { kind, source }: Pick<EngineFacts, 'kind' | 'source'>,
  message: string,
  hint: string,
  cause?: unknown,
): SealerError {
  return new SealerError(
    'ENGINE_UNFIT',
    `The container engine (${kind}, ${source}) cannot run a temporary cluster: ${message}`,
    {
      hint,
      cause,
    },
  );
}

interface Failure {
  readonly endpoint: Endpoint;
  /** Undefined: nothing is there, and nobody said that something is. */
  readonly reason: string | undefined;
}

async function ask(endpoint: Endpoint, env: NodeJS.ProcessEnv): Promise<EngineFacts | SealerError | Failure> {
  const connection = connectionTo(endpoint.url);
  const override = env.TESTCONTAINERS_HOST_OVERRIDE;
  if (typeof connection === 'string') return remote(endpoint, connection);
  if (override !== undefined && override !== '' && !isOwnAddress(override)) {
    return remote(endpoint, `its containers are on another machine ($TESTCONTAINERS_HOST_OVERRIDE is ${override})`);
  }
  const client = new EngineClient(connection);
  try {
    const call = { method: 'GET', idleMs: ANSWER_MS } as const;
    const [info, version] = await Promise.all([
      client.json({ ...call, path: '/info' }),
      client.json({ ...call, path: '/version' }),
    ]);
    return parseFacts(endpoint, info, version);
  } catch (error) {
    if (!endpoint.isChosen && isSystemError(error, 'ENOENT', 'ENOTDIR')) return { endpoint, reason: undefined };
    return { endpoint, reason: reasonOf(error) };
  }
}

function remote(endpoint: Endpoint, why: string): SealerError {
  const hint =
    'The cluster needs an engine on this machine: set DOCKER_HOST to its socket, say unix:///var/run/docker.sock.';
  return unfit({ kind: 'docker', source: endpoint.source }, why, hint);
}

function reasonOf(error: unknown): string {
  if (isSystemError(error, 'EACCES', 'EPERM')) return 'this user may not use it (docker: join the group "docker")';
  if (isSystemError(error, 'ECONNREFUSED')) return 'nobody listens there';
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return 'there is no such socket';
  return error instanceof Error ? error.message : String(error);
}

function notFound(failures: readonly Failure[]): SealerError {
  const told = failures.filter(({ reason }) => reason !== undefined);
  const details = told.map(({ endpoint, reason }) => `${endpoint.source}: ${reason}`).join('; ');
  const message = 'A temporary cluster needs a container engine, and none answers';
  return new SealerError('ENGINE_NOT_FOUND', details === '' ? message : `${message} (${details})`, {
    hint:
      'Install docker (apt-get install docker.io) or podman (apt-get install podman; systemctl start podman.socket), ' +
      'or set DOCKER_HOST to its socket. Everything else works without one.',
  });
}
