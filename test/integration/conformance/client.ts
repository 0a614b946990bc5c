/** Raw requests, as the spec has them: nothing of our own client is in between. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

export type Algorithm = 'sha256' | 'sha512';

export interface Blob {
  readonly bytes: Buffer;
  readonly digest: string;
}

/** Content with its digest. */
export function blobOf(bytes: Buffer | string, algorithm: Algorithm = 'sha256'): Blob {
  const buffer = Buffer.from(bytes);
  return { bytes: buffer, digest: `${algorithm}:${createHash(algorithm).update(buffer).digest('hex')}` };
}

/** Content that no other test has. */
export function randomBlob(size = 512, algorithm: Algorithm = 'sha256'): Blob {
  return blobOf(randomBytes(size), algorithm);
}

/** One repository of a registry. */
export class Repository {
  readonly registry: { readonly url: string };
  readonly name: string;

  constructor(registry: { readonly url: string }, name: string) {
    this.registry = registry;
    this.name = name;
  }

  /** A request to a path below the repository, to an absolute path, or to a Location. */
  request(method: string, path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
    const target = /^(?:\/|https?:)/.test(path) ? path : `/v2/${this.name}/${path}`;
    return fetch(new URL(target, this.registry.url), { ...init, method, redirect: 'manual' });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.request('GET', path, { headers });
  }

  head(path: string): Promise<Response> {
    return this.request('HEAD', path);
  }

  delete(path: string): Promise<Response> {
    return this.request('DELETE', path);
  }

  /** Starts an upload; its Location. */
  async start(query = ''): Promise<string> {
    const response = await this.request('POST', `blobs/uploads/${query}`);
    return locationOf(await expectStatus(response, 202));
  }

  patch(location: string, bytes: Buffer, range?: string): Promise<Response> {
    const headers = { 'Content-Type': 'application/octet-stream', ...(range ? { 'Content-Range': range } : {}) };
    return this.request('PATCH', location, { body: new Uint8Array(bytes), headers });
  }

  /** Ends an upload. */
  put(location: string, digest: string, bytes?: Buffer, range?: string): Promise<Response> {
    const separator = location.includes('?') ? '&' : '?';
    return this.request('PUT', `${location}${separator}digest=${digest}`, {
      headers: range ? { 'Content-Range': range } : {},
      ...(bytes ? { body: new Uint8Array(bytes) } : {}),
    });
  }

  /** Pushes a blob by POST and PUT. */
  async push({ bytes, digest }: Blob): Promise<void> {
    const location = await this.start(`?digest-algorithm=${digest.split(':')[0]}`);
    await expectStatus(await this.put(location, digest, bytes), 201);
  }

  putManifest(reference: string, bytes: Buffer, mediaType: string, query = ''): Promise<Response> {
    const headers = { 'Content-Type': mediaType };
    return this.request('PUT', `manifests/${reference}${query}`, { body: new Uint8Array(bytes), headers });
  }

  /** Asserts that a blob is pulled whole and is what it is called. */
  async expectBlob({ bytes, digest }: Blob): Promise<void> {
    const head = await expectStatus(await this.head(`blobs/${digest}`), 200);
    assert.equal(head.headers.get('content-length'), String(bytes.length));
    assert.equal(head.headers.get('docker-content-digest'), digest);
    const got = await expectStatus(await this.get(`blobs/${digest}`), 200);
    assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
  }
}

/** Asserts a status; the body is in the failure's message. */
export async function expectStatus(response: Response, ...statuses: number[]): Promise<Response> {
  if (!statuses.includes(response.status)) {
    assert.fail(`${response.url}: ${response.status}, not ${statuses.join(' or ')}: ${await response.text()}`);
  }
  return response;
}

/** Asserts an error with a code of the spec, in the spec's form. */
export async function expectError(response: Response, status: number, code: string): Promise<void> {
  await expectStatus(response, status);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const body = JSON.parse(await response.text());
  assert.equal(body.errors[0].code, code);
}

export function locationOf(response: Response): string {
  const location = response.headers.get('location');
  assert.ok(location, 'no Location');
  return location;
}
