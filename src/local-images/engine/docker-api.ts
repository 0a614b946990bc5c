/** The few calls of Docker's API that reading images takes; podman speaks it, too. By node:http, since it is a socket. */

import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { isSystemError, SealerError } from '../../error.ts';

/** Where an engine listens. */
export type EngineAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

const MAX_JSON_BYTES = 4 * 1024 * 1024;
/** How much of an error page is worth reading. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The addresses at which an engine may listen, the likeliest first.
 * @throws SealerError ENGINE_NOT_FOUND for an address of a kind that is not supported
 */
export function engineAddresses(kind: 'docker' | 'podman', env: NodeJS.ProcessEnv): readonly EngineAddress[] {
  const said = kind === 'docker' ? env.DOCKER_HOST : env.CONTAINER_HOST;
  if (said !== undefined && said !== '') return [parseAddress(kind, said, env)];
  if (kind === 'docker') return [{ socketPath: '/var/run/docker.sock' }];
  const runtime = env.XDG_RUNTIME_DIR;
  return [
    ...(runtime === undefined || runtime === '' ? [] : [{ socketPath: `${runtime}/podman/podman.sock` }]),
    { socketPath: '/run/podman/podman.sock' },
  ];
}

/**
 * Asks for a document.
 * @returns undefined if there is none (404)
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_ERROR
 */
export async function engineJson(
  kind: string,
  address: EngineAddress,
  path: string,
  signal?: AbortSignal,
): Promise<unknown> {
  const answer = await engineGet(kind, address, path, signal);
  if (answer === undefined) return undefined;
  try {
    return JSON.parse((await limited(answer, MAX_JSON_BYTES)).toString('utf8'));
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SealerError('ENGINE_ERROR', `${kind} answers ${path} with what is no JSON`, { cause });
  }
}

/**
 * Asks for a stream.
 * @returns undefined if there is nothing of that name (404)
 * @throws SealerError ENGINE_NOT_FOUND, ENGINE_ERROR
 */
export async function engineGet(
  kind: string,
  address: EngineAddress,
  path: string,
  signal?: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const answer = await send(kind, address, path, signal);
  if (answer.statusCode === 200) return answer;
  const said = messageOf(await limited(answer, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0)));
  if (answer.statusCode === 404) return undefined;
  throw new SealerError('ENGINE_ERROR', `${kind} answers ${path} with ${answer.statusCode}${said}`, {
    hint: 'Ask the engine itself (docker image inspect, podman image inspect), and mend what it says.',
  });
}

function send(
  kind: string,
  address: EngineAddress,
  path: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { ...address, path, headers: { host: kind, 'user-agent': 'sealer' }, agent: false };
  const call = request({ ...options, ...(signal === undefined ? {} : { signal }) }, resolve);
  call.on('error', (error) => reject(signal?.aborted === true ? signal.reason : absent(kind, address, error)));
  call.end();
  return promise;
}

function parseAddress(kind: string, said: string, env: NodeJS.ProcessEnv): EngineAddress {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(said)?.[1];
  if (socketPath !== undefined) return { socketPath };
  const url = /^(?:tcp|http):\/\//.test(said) && URL.canParse(said) ? new URL(said) : undefined;
  const isTls = env.DOCKER_TLS_VERIFY !== undefined && env.DOCKER_TLS_VERIFY !== '' && env.DOCKER_TLS_VERIFY !== '0';
  if (url !== undefined && !isTls) return { host: url.hostname, port: Number(url.port || 2375) };
  throw new SealerError('ENGINE_NOT_FOUND', `Images of ${kind} cannot be read over ${said.replace(/:.*/s, '')}`, {
    hint: 'Give the engine by a socket of this machine (unix:///…), or save the images into archives.',
  });
}

function absent(kind: string, address: EngineAddress, cause: Error): SealerError {
  const where = 'socketPath' in address ? address.socketPath : `${address.host}:${address.port}`;
  const isDenied = isSystemError(cause, 'EACCES', 'EPERM');
  return new SealerError('ENGINE_NOT_FOUND', `${kind} does not answer at ${where}: ${cause.message}`, {
    hint: isDenied
      ? 'This user may not speak to it; see who owns the socket.'
      : `Start it${kind === 'podman' ? ' (systemctl start podman.socket)' : ''}, or say where it is by ${kind === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST'}.`,
    cause,
  });
}

async function limited(answer: IncomingMessage, limit: number): Promise<Buffer> {
  async function* upTo(): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const chunk of answer) {
      size += chunk.byteLength;
      if (size > limit) throw new Error(`The answer has more than ${limit} bytes`);
      yield chunk;
    }
  }
  return await buffer(upTo());
}

/** `{"message": "…"}` of docker, `{"cause": …, "message": …}` of podman. */
function messageOf(body: Buffer): string {
  try {
    const { message } = Object(JSON.parse(body.toString('utf8')));
    return typeof message === 'string' ? `: ${message.slice(0, 300)}` : '';
  } catch {
    return '';
  }
}
