/** The client of the distribution API (distribution-spec 1.1.1): one for all registries, for as long as a command runs. */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Document } from '../../oci/manifest.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Ingest } from '../../oci/store/index.ts';
import { type Report, silent } from '../../progress.ts';
import { Authorizer } from './auth/authorizer.ts';
import { type Credentials, loadCredentials } from './auth/credentials.ts';
import { joinSignals, untilAborted } from './http/abort.ts';
import { isLoopback } from './http/address.ts';
import { loadTlsMaterial } from './http/certificates.ts';
import { unreachable } from './http/failure.ts';
import { Lanes } from './http/lanes.ts';
import { Reach } from './http/reach.ts';
import { retrying } from './http/retry.ts';
import { contact, hostOf } from './http/scheme.ts';
import { Session } from './http/session.ts';
import { realTiming, type Timing } from './http/timing.ts';
import { drain, Wire } from './http/wire.ts';
import { addToFallback, listReferrers, listTags } from './listing.ts';
import { deleteManifest, getManifest, hasManifest, putManifest, resolveManifest } from './manifests.ts';
import { downloadBlob } from './transfer/blob-download.ts';
import { type BlobSource, hasBlob, type UploadOptions, uploadBlob } from './transfer/blob-upload.ts';

export interface RegistryClientOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Default: those of this user, as docker and podman keep them. */
  readonly credentials?: Credentials | undefined;
  /** Registries that may speak plain http or have a certificate nobody vouches for; `true` = all. */
  readonly insecure?: boolean | readonly string[] | undefined;
  /** PEM files of CAs to trust beside the usual ones. */
  readonly caFiles?: readonly string[] | undefined;
  /** Blobs in flight per registry. Default 4, which more does not beat (k0s#6216, zarf#2009). */
  readonly perHost?: number | undefined;
  /** Hears the warnings of registries. */
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly userAgent?: string | undefined;
  /** Milliseconds of silence before a connection is given up. Default 60 000. */
  readonly idle?: number | undefined;
  readonly timing?: Timing | undefined;
}

const BLOBS_PER_HOST = 4;
const BLOBS_IN_ALL = 8;
const SMALL_CALLS_PER_HOST = 8;

export interface ResolveOptions {
  /**
   * Milliseconds in which a registry that was not asked before has to answer at all. Default: as long as it takes, which
   * for a host that drops what it gets is minutes.
   */
  readonly reachWithin?: number | undefined;
}

interface Host {
  readonly session: Promise<Session>;
  readonly blobs: Lanes;
  readonly small: Lanes;
}

/** Speaks to registries. Dispose of it to close its connections. */
export class RegistryClient implements AsyncDisposable {
  readonly #options: RegistryClientOptions;
  readonly #wire: Wire;
  readonly #end = new AbortController();
  readonly #hosts = new Map<string, Host>();
  readonly #reach = new Reach();
  readonly #blobs = new Lanes(BLOBS_IN_ALL);
  readonly #timing: Timing;
  #credentials: Promise<Credentials> | undefined;
  #trustsOthers = false;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#wire = new Wire(options.env);
    this.#timing = options.timing ?? realTiming;
  }

  /** Another client that differs in these options; it has to be disposed of by itself. */
  with(options: Partial<RegistryClientOptions>): RegistryClient {
    return new RegistryClient({ ...this.#options, ...options });
  }

  /**
   * What a reference points to.
   * @throws SealerError IMAGE_NOT_FOUND, UNAUTHORIZED, DENIED, RATE_LIMITED, REGISTRY_UNREACHABLE, REGISTRY_ERROR,
   *   INSECURE_REGISTRY, UNSAFE_REDIRECT, CREDENTIALS_INVALID; so do all that follow
   */
  async resolve(ref: Reference, signal?: AbortSignal, options: ResolveOptions = {}): Promise<Descriptor> {
    const { reachWithin } = options;
    if (reachWithin !== undefined) {
      await this.#reach.wait(ref.registry, this.#host(ref.registry).session, reachWithin, this.#signal(signal));
    }
    return await this.#small(ref, signal, (session, either) => resolveManifest(session, ref, either));
  }

  /**
   * A manifest or index, its bytes verified.
   * @throws also DIGEST_MISMATCH, INVALID_MANIFEST
   */
  async document(ref: Reference, signal?: AbortSignal): Promise<Document> {
    return await this.#small(ref, signal, (session, either) => getManifest(session, ref, either));
  }

  /** Whether a manifest is there, by tag or digest. */
  async hasDocument(ref: Reference, signal?: AbortSignal): Promise<boolean> {
    return await this.#small(ref, signal, (session, either) => hasManifest(session, ref, either));
  }

  /**
   * Puts a manifest or index, its bytes as they are, under the reference's tag, or under its digest where the reference
   * has no tag. One with a subject is listed with it, whether or not the registry knows referrers.
   * @throws also DIGEST_MISMATCH
   */
  async putDocument(ref: Reference, document: Document, signal?: AbortSignal): Promise<void> {
    const content = document.kind === 'index' ? document.index : document.manifest;
    await this.#small(ref, signal, async (session, either) => {
      const { knowsSubject } = await putManifest(session, ref, document, either);
      if (content.subject === undefined || knowsSubject) return;
      const artifactType =
        content.artifactType ?? (document.kind === 'manifest' ? document.manifest.config.mediaType : undefined);
      const referrer = {
        ...document.descriptor,
        ...(artifactType === undefined ? {} : { artifactType }),
        ...(content.annotations === undefined ? {} : { annotations: content.annotations }),
      };
      await addToFallback(session, ref.repository, content.subject.digest, referrer, either);
    });
  }

  /** Whether a repository has a blob. */
  async hasBlob(ref: Reference, digest: Digest, signal?: AbortSignal): Promise<boolean> {
    return await this.#small(ref, signal, (session, either) =>
      hasBlob(session, ref.repository, digest, 'pull', either),
    );
  }

  /**
   * Writes a blob into an ingest, from `ingest.offset` on; the caller commits, which checks the digest.
   * @param onBytes called as bytes come in; with a negative count when what came is thrown away
   * @throws also SIZE_MISMATCH, and what the ingest throws
   */
  async fetchBlob(
    ref: Reference,
    descriptor: Descriptor,
    ingest: Ingest,
    onBytes?: (count: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#large(ref, signal, (session, either) =>
      downloadBlob(session, ref.repository, descriptor, ingest, { onBytes, signal: either }),
    );
  }

  /**
   * Brings a blob into the reference's repository, if it is not there.
   * @param source opens the content, from a place on
   * @throws also DIGEST_MISMATCH, SIZE_MISMATCH, and what the source throws
   */
  async pushBlob(
    ref: Reference,
    descriptor: Descriptor,
    source: BlobSource,
    options: UploadOptions = {},
  ): Promise<'exists' | 'mounted' | 'uploaded'> {
    return await this.#large(ref, options.signal, (session, signal) =>
      uploadBlob(session, ref.repository, descriptor, source, { ...options, signal }),
    );
  }

  /** All tags of a repository. */
  async *tags(ref: Pick<Reference, 'registry' | 'repository'>, signal?: AbortSignal): AsyncGenerator<string> {
    const either = this.#signal(signal);
    yield* listTags(await this.#session(ref.registry, either), ref.repository, either);
  }

  /** What refers to a manifest: signatures, SBOMs and the like. */
  async referrers(
    ref: Pick<Reference, 'registry' | 'repository'>,
    digest: Digest,
    artifactType?: string,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[]> {
    return await this.#small(ref, signal, (session, either) =>
      listReferrers(session, ref.repository, digest, artifactType, either),
    );
  }

  /** Deletes a tag, or a manifest where the reference has a digest. */
  async deleteManifest(ref: Reference, signal?: AbortSignal): Promise<void> {
    await this.#small(ref, signal, (session, either) => deleteManifest(session, ref, either));
  }

  /** Checks that a registry is there and takes our credentials (distribution-spec end-1). */
  async ping(registry: string, signal?: AbortSignal): Promise<void> {
    await this.#small({ registry }, signal, async (session, either) => {
      const call = { method: 'GET', target: '/v2/', doing: `reach ${registry}`, signal: either } as const;
      drain(await session.expect(call, 200));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new DOMException('The registry client was closed', 'AbortError'));
    this.#wire[Symbol.dispose]();
  }

  async #small<T>(
    { registry }: { registry: string },
    signal: AbortSignal | undefined,
    work: (session: Session, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const either = this.#signal(signal);
    using _lane = await this.#host(registry).small.enter(either);
    return await work(await this.#session(registry, either), either);
  }

  async #large<T>(
    { registry }: Reference,
    signal: AbortSignal | undefined,
    work: (session: Session, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const either = this.#signal(signal);
    // The host's lane first: who waits for a slow registry must not hold up the others.
    using _own = await this.#host(registry).blobs.enter(either);
    using _shared = await this.#blobs.enter(either);
    return await work(await this.#session(registry, either), either);
  }

  #signal(signal: AbortSignal | undefined): AbortSignal | undefined {
    return joinSignals(this.#options.signal, signal);
  }

  #session(registry: string, signal: AbortSignal | undefined): Promise<Session> {
    return untilAborted(this.#host(registry).session, signal);
  }

  #host(registry: string): Host {
    const known = this.#hosts.get(registry);
    if (known !== undefined) return known;
    const session = this.#connect(registry);
    const host: Host = {
      session,
      blobs: new Lanes(this.#options.perHost ?? BLOBS_PER_HOST),
      small: new Lanes(SMALL_CALLS_PER_HOST),
    };
    this.#hosts.set(registry, host);
    // Who comes after a failure gets a fresh try.
    session.catch(() => this.#hosts.delete(registry));
    return host;
  }

  async #connect(registry: string): Promise<Session> {
    const { env, caFiles = [], report = silent, userAgent = 'sealer', idle = 60_000 } = this.#options;
    const signal = joinSignals(this.#end.signal, this.#options.signal);
    const insecure = this.#isInsecure(registry);
    await this.#trust(registry, insecure, caFiles);
    const wire = this.#wire;
    const timing = this.#timing;
    try {
      const knock = () => contact(registry, wire, { insecure, idle, signal, headers: { 'User-Agent': userAgent } });
      const { origin, challenges } = await retrying(knock, { timing, signal });
      this.#credentials ??= this.#options.credentials
        ? Promise.resolve(this.#options.credentials)
        : loadCredentials(env);
      const world = { wire, timing, userAgent, idle, signal };
      const authorizer = new Authorizer(registry, origin, await this.#credentials, world);
      authorizer.learn(challenges);
      return new Session(registry, origin, authorizer, { wire, timing, userAgent, idle, report });
    } catch (error) {
      throw unreachable(error, registry);
    }
  }

  /** Certificates for a registry, and for where it may send us: its token server, its CDN. */
  async #trust(registry: string, insecure: boolean, caFiles: readonly string[]): Promise<void> {
    const { env } = this.#options;
    const isLocal = isLoopback(registry);
    const host = hostOf(registry);
    this.#wire.trust(host, await loadTlsMaterial(registry, env, caFiles, isLocal), !insecure);
    if (this.#trustsOthers || (isLocal && caFiles.length === 0)) return;
    this.#trustsOthers = true;
    this.#wire.trust('*', await loadTlsMaterial(undefined, env, caFiles, isLocal), this.#options.insecure !== true);
  }

  #isInsecure(registry: string): boolean {
    const { insecure = false } = this.#options;
    return typeof insecure === 'boolean' ? insecure : insecure.includes(registry);
  }
}
