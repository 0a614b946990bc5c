/** Where to look for a container engine, in the order of testcontainers and docker, then podman's own places. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isSystemError, SealerError } from '../error.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * All addresses at which an engine may listen, the likeliest first. One that somebody chose stands alone.
 *
 * Order: `tc.host` and `docker.host` of ~/.testcontainers.properties, $DOCKER_HOST, $CONTAINER_HOST (podman), docker's
 * context ($DOCKER_CONTEXT, or the current one), then the usual sockets.
 * @throws SealerError ENGINE_NOT_FOUND when a context is chosen that does not exist
 */
export async function findCandidates(env: NodeJS.ProcessEnv): Promise<readonly Endpoint[]> {
  const chosen = (await fromProperties(env)) ?? fromVariables(env) ?? (await fromContext(env));
  return chosen === undefined ? usualSockets(env) : [chosen];
}

function usualSockets(env: NodeJS.ProcessEnv): readonly Endpoint[] {
  const home = env.HOME ?? homedir();
  const runtime = env.XDG_RUNTIME_DIR;
  const user = `/run/user/${userInfo().uid}`;
  const paths = [
    '/var/run/docker.sock',
    '/run/podman/podman.sock',
    ...(runtime === undefined ? [] : [join(runtime, 'docker.sock')]),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(user, 'docker.sock'),
    ...(runtime === undefined ? [] : [join(runtime, 'podman/podman.sock')]),
    join(user, 'podman/podman.sock'),
  ];
  return [...new Set(paths)].map((path) => ({ url: `unix://${path}`, source: path, isChosen: false }));
}

function fromVariables(env: NodeJS.ProcessEnv): Endpoint | undefined {
  for (const name of ['DOCKER_HOST', 'CONTAINER_HOST'] as const) {
    const url = env[name];
    if (url !== undefined && url !== '') return { url, source: `$${name}`, isChosen: true };
  }
  return undefined;
}

async function fromProperties(env: NodeJS.ProcessEnv): Promise<Endpoint | undefined> {
  const text = await readIfThere(join(env.HOME ?? homedir(), '.testcontainers.properties'));
  for (const key of ['tc\\.host', 'docker\\.host']) {
    // testcontainers takes docker.host only where there is no $DOCKER_HOST.
    if (key !== 'tc\\.host' && fromVariables(env) !== undefined) return undefined;
    const url = new RegExp(`^\\s*${key}\\s*[=:]\\s*(\\S+)`, 'm').exec(text ?? '')?.[1]?.replaceAll('\\:', ':');
    if (url !== undefined) return { url, source: '~/.testcontainers.properties', isChosen: true };
  }
  return undefined;
}

/** docker/cli `cli/context/store`: a context's folder is named by the SHA-256 of its name. */
async function fromContext(env: NodeJS.ProcessEnv): Promise<Endpoint | undefined> {
  const folder = env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker');
  const name = env.DOCKER_CONTEXT || (await currentContext(folder));
  if (name === undefined || name === '' || name === 'default') return undefined;
  const key = createHash('sha256').update(name).digest('hex');
  const text = await readIfThere(join(folder, 'contexts/meta', key, 'meta.json'));
  const url = text === undefined ? undefined : hostOf(parseJson(text));
  if (url === undefined) {
    throw new SealerError('ENGINE_NOT_FOUND', `The docker context "${name}" does not exist`, {
      hint: 'Choose another one with `docker context use`, or set DOCKER_HOST.',
    });
  }
  return { url, source: `docker context "${name}"`, isChosen: true };
}

async function currentContext(folder: string): Promise<string | undefined> {
  const config = parseJson((await readIfThere(join(folder, 'config.json'))) ?? '');
  return isRecord(config) && typeof config.currentContext === 'string' ? config.currentContext : undefined;
}

function hostOf(meta: unknown): string | undefined {
  const endpoints = isRecord(meta) ? meta.Endpoints : undefined;
  const docker = isRecord(endpoints) ? endpoints.docker : undefined;
  return isRecord(docker) && typeof docker.Host === 'string' ? docker.Host : undefined;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // What we may not read is not meant for us.
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
