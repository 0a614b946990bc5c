/** What the tests of the client have in common: a client that does not wait, and images. */

import type { TestContext } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { type Descriptor, describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parseReference, type Reference } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import type { ProgressEvent } from '../../../src/progress.ts';
import type { Timing } from '../../../src/registry/client/http/timing.ts';
import { anonymous, RegistryClient, type RegistryClientOptions } from '../../../src/registry/client/index.ts';
import { type FakeRegistry, startFakeRegistry } from './fake-registry.ts';

export interface FakeTiming extends Timing {
  /** Milliseconds of each wait. */
  readonly waits: number[];
  time: number;
}

/** Time that passes only when somebody sleeps. */
export function fakeTiming(): FakeTiming {
  const timing: FakeTiming = {
    waits: [],
    time: 1_700_000_000_000,
    now: () => timing.time,
    random: () => 1,
    sleep: async (milliseconds) => {
      timing.waits.push(milliseconds);
      timing.time += milliseconds;
    },
  };
  return timing;
}

export interface Setting {
  readonly registry: FakeRegistry;
  readonly client: RegistryClient;
  readonly timing: FakeTiming;
  readonly events: ProgressEvent[];
  /** A reference in the fake registry. */
  ref(text: string): Reference;
}

/** A fake registry and a client for it; both end with the test. */
export async function setUp(t: TestContext, options: Partial<RegistryClientOptions> = {}): Promise<Setting> {
  const registry = await startFakeRegistry();
  const timing = fakeTiming();
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent) => void events.push(event);
  const client = new RegistryClient({ env: {}, credentials: anonymous, timing, report, ...options });
  t.after(async () => {
    await client[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  return { registry, client, timing, events, ref: (text) => parseReference(`${registry.address}/${text}`) };
}

export interface MadeImage {
  readonly manifest: Descriptor;
  readonly bytes: Buffer;
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
}

/** An image with these layers. */
export function makeImage(layers: readonly Buffer[], extra: object = {}, architecture = 'amd64'): MadeImage {
  const described = layers.map((layer) => describeBytes(layer, OCI_LAYER));
  const rootfs = { type: 'layers', diff_ids: described.map(({ digest }) => digest) };
  const config = Buffer.from(JSON.stringify({ architecture, os: 'linux', rootfs }));
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describeBytes(config, OCI_CONFIG),
    layers: described,
    ...extra,
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return { manifest: describeBytes(bytes, OCI_MANIFEST), bytes, config, layers };
}

/** Puts an image into the fake registry. */
export function seed(registry: FakeRegistry, repository: string, image: MadeImage, tag?: string): void {
  for (const blob of [image.config, ...image.layers]) {
    const { digest } = describeBytes(blob, '');
    registry.blobs.set(digest, blob);
    registry.held.add(`${repository}@${digest}`);
  }
  for (const name of [image.manifest.digest, ...(tag === undefined ? [] : [tag])]) {
    registry.manifests.set(`${repository}:${name}`, { type: image.manifest.mediaType, bytes: image.bytes });
  }
}

/** Puts an image into a store. */
export async function keep(store: Store, image: MadeImage): Promise<void> {
  for (const blob of [image.config, ...image.layers, image.bytes]) await store.add(blob, 'application/octet-stream');
}

/** For `assert.rejects`: an error with this code, whose message and hint match. */
export function sealerError(code: string, ...patterns: RegExp[]): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof SealerError)) throw error;
    const text = `${error.message}\n${error.hint ?? ''}`;
    const missing = patterns.filter((pattern) => !pattern.test(text));
    if (error.code === code && missing.length === 0) return true;
    throw new Error(`Expected ${code} ${missing.join(' ')}, got ${error.code}: ${text}`, { cause: error });
  };
}
