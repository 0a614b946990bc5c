/** The image that the engine runs: there already, or pulled by the engine. */

import { SealerError } from '../error.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';
import type { Credential } from '../registry/client/index.ts';
import { type EngineClient, EngineError, isGone, query } from './client.ts';

/** What an image says about how it wants to be run. */
export interface EngineImage {
  /** The engine's own name for it, which no other image can have: `sha256:…`. */
  readonly id: string;
  readonly entrypoint: readonly string[];
  /** Paths that have to be volumes. */
  readonly volumes: readonly string[];
}

export interface EnsureOptions {
  /** The credential for the image's registry, if there is one; asked for only when the image is pulled. */
  readonly credential: (reference: Reference) => Promise<Credential | undefined>;
  /** Called when the image has to be pulled. */
  readonly onPull: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** A layer of 200 MB is unpacked without a word. */
const PULL_IDLE_MS = 10 * 60_000;

/**
 * Makes sure that the engine has an image. One that it has is not asked for again.
 * @param name as people write it; a digest beats a tag
 * @throws SealerError INVALID_REFERENCE, IMAGE_NOT_FOUND, REGISTRY_ERROR with the engine's words
 */
export async function ensureImage(client: EngineClient, name: string, options: EnsureOptions): Promise<EngineImage> {
  const there = await inspect(client, name, options.signal);
  if (there !== undefined) return there;
  const reference = parseReference(name);
  options.onPull();
  await pull(client, reference, options);
  const pulled = await inspect(client, name, options.signal);
  if (pulled !== undefined) return pulled;
  throw new SealerError('IMAGE_NOT_FOUND', `The container engine has pulled ${name} and does not know it`);
}

async function inspect(client: EngineClient, name: string, signal?: AbortSignal): Promise<EngineImage | undefined> {
  const path = `/images/${encodeURIComponent(engineName(name))}/json`;
  try {
    return parseImage(await client.json({ method: 'GET', path, signal }));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Engines take a tag or a digest, podman not both. What is no complete name (an ID) is left as it is. */
function engineName(name: string): string {
  if (!name.includes('@')) return name;
  return formatReference({ ...parseReference(name), tag: undefined });
}

function parseImage(answer: unknown): EngineImage {
  const { Id: id, Config: config } = asRecord(answer);
  if (typeof id !== 'string') throw new Error('The engine describes an image without an ID');
  const { Entrypoint: entrypoint, Volumes: volumes } = asRecord(config);
  return {
    id: id.startsWith('sha256:') ? id : `sha256:${id}`,
    entrypoint: Array.isArray(entrypoint) ? entrypoint.map(String) : [],
    volumes: Object.keys(asRecord(volumes)),
  };
}

async function pull(client: EngineClient, reference: Reference, { credential, signal }: EnsureOptions): Promise<void> {
  const name = formatReference({ ...reference, tag: undefined, digest: undefined });
  const path = `/images/create${query({ fromImage: name, tag: reference.digest ?? reference.tag })}`;
  const given = await credential(reference);
  const headers = given === undefined ? {} : { 'X-Registry-Auth': registryAuth(reference.registry, given) };
  try {
    const stream = await client.open({ method: 'POST', path, headers, signal, idleMs: PULL_IDLE_MS });
    let text = '';
    for await (const chunk of stream) {
      // One JSON object per line; only the last ones can tell of an error.
      text = (text + chunk).slice(-65_536);
    }
    const failure = failureIn(text);
    if (failure !== undefined) throw new EngineError(500, failure);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof EngineError)) throw error;
    throw pullError(formatReference(reference), error);
  }
}

function failureIn(text: string): string | undefined {
  for (const line of text.split('\n')) {
    try {
      const { error } = JSON.parse(line);
      if (typeof error === 'string' && error !== '') return error;
    } catch {}
  }
  return undefined;
}

function pullError(name: string, cause: EngineError): SealerError {
  const isMissing = cause.status === 404 || /not found|manifest unknown|no such image/i.test(cause.message);
  const message = `The container engine cannot pull ${name}: ${cause.message}`;
  const hint = 'Name another image with --cluster-image, or load it into the engine first.';
  return new SealerError(isMissing ? 'IMAGE_NOT_FOUND' : 'REGISTRY_ERROR', message, { hint, cause });
}

/** Engine API, "Authentication": base64url of JSON. */
function registryAuth(registry: string, { username, password, identityToken, registryToken }: Credential): string {
  const serveraddress = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  const auth = { username, password, identitytoken: identityToken, registrytoken: registryToken, serveraddress };
  return Buffer.from(JSON.stringify(auth)).toString('base64url');
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
