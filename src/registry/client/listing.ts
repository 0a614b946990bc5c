/** Lists over the wire: tags and referrers, page by page (distribution-spec end-8, end-12). */

import { SealerError } from '../../error.ts';
import { checkDescriptor, type Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, type Digest, hexOf } from '../../oci/digest.ts';
import { type Document, type ImageIndex, parseDocument, serialize } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import { isTag, type Reference } from '../../oci/reference.ts';
import { readBody } from './http/body.ts';
import type { Call, Session } from './http/session.ts';
import { type Answer, drain } from './http/wire.ts';
import { getManifest, putManifest, retryBody } from './manifests.ts';

const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** A list that never ends is a fault; a million tags are not. */
const MAX_PAGES = 10_000;
const PAGE_SIZE = 1000;

/**
 * All tags of a repository, as the registry sorts them.
 * @throws SealerError IMAGE_NOT_FOUND for an unknown repository, REGISTRY_ERROR
 */
export async function* listTags(session: Session, repository: string, signal?: AbortSignal): AsyncGenerator<string> {
  const first = `/v2/${repository}/tags/list?n=${PAGE_SIZE}`;
  const doing = `list the tags of ${repository}`;
  for await (const { json } of pages(session, { method: 'GET', target: first, doing, repository, signal })) {
    const tags = typeof json === 'object' && json !== null && 'tags' in json ? (json.tags ?? []) : undefined;
    if (!Array.isArray(tags)) throw new SealerError('REGISTRY_ERROR', `${session.registry} answers without tags`);
    for (const tag of tags) if (typeof tag === 'string' && isTag(tag)) yield tag;
  }
}

/**
 * What refers to a manifest: signatures, SBOMs and the like. Where the registry does not know referrers (ECR: 405), the
 * tag `sha256-<hex>` is read (distribution-spec 1.1, "Referrers Tag Schema").
 */
export async function listReferrers(
  session: Session,
  repository: string,
  digest: Digest,
  artifactType?: string,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`;
  const call: Call = {
    method: 'GET',
    target: `/v2/${repository}/referrers/${digest}${query}`,
    doing: `list what refers to ${repository}@${digest}`,
    repository,
    headers: { Accept: OCI_INDEX },
    signal,
  };
  const found: Descriptor[] = [];
  try {
    for await (const { json } of pages(session, call)) {
      const manifests = typeof json === 'object' && json !== null && 'manifests' in json ? json.manifests : undefined;
      if (!Array.isArray(manifests)) throw new SealerError('INVALID_MANIFEST', 'The list of referrers is no index');
      found.push(...manifests.map((each, i) => checkDescriptor(each, `manifests[${i}]`)));
    }
  } catch (error) {
    if (!(error instanceof SealerError) || !/^(IMAGE_NOT_FOUND|REGISTRY_ERROR|INVALID_MANIFEST)$/.test(error.code)) {
      throw error;
    }
    const listed = await readFallback(session, repository, digest, signal);
    found.splice(0, Infinity, ...(listed?.index.manifests ?? []));
  }
  // Filters are optional for registries.
  return artifactType === undefined ? found : found.filter((each) => each.artifactType === artifactType);
}

/**
 * Adds a referrer to the fallback tag of its subject. Others may do the same at the same time, and the last one wins:
 * so the spec has it.
 */
export async function addToFallback(
  session: Session,
  repository: string,
  subject: Digest,
  referrer: Descriptor,
  signal?: AbortSignal,
): Promise<void> {
  const listed = await readFallback(session, repository, subject, signal);
  const others = listed?.index.manifests ?? [];
  if (others.some(({ digest }) => digest === referrer.digest)) return;
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    ...listed?.index,
    manifests: [...others, referrer],
  };
  const ref = fallbackReference(session, repository, subject);
  await putManifest(session, ref, parseDocument(serialize(index), OCI_INDEX), signal);
}

async function readFallback(
  session: Session,
  repository: string,
  digest: Digest,
  signal?: AbortSignal,
): Promise<(Document & { kind: 'index' }) | undefined> {
  try {
    const document = await getManifest(session, fallbackReference(session, repository, digest), signal);
    return document.kind === 'index' ? document : undefined;
  } catch (error) {
    if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  }
}

function fallbackReference({ registry }: Session, repository: string, digest: Digest): Reference {
  return { registry, repository, tag: `${algorithmOf(digest)}-${hexOf(digest)}`.slice(0, 128) };
}

async function* pages(session: Session, call: Call): AsyncGenerator<{ json: unknown }> {
  const seen = new Set<string>();
  let target: string | URL | undefined = call.target;
  while (target !== undefined) {
    if (seen.has(String(target)) || seen.size >= MAX_PAGES) {
      throw new SealerError('REGISTRY_ERROR', `Cannot ${call.doing}: ${session.registry} gives pages without end`);
    }
    seen.add(String(target));
    const page: Call = { ...call, target };
    const { answer, bytes } = await retryBody(session, page, async () => {
      const answer = await session.expect(page, 200);
      return { answer, bytes: await readBody(answer, MAX_PAGE_BYTES, call.signal) };
    });
    drain(answer);
    yield { json: parseJson(bytes, session, call.doing) };
    target = nextPage(session, answer);
  }
}

/** `Link: </v2/…?n=…&last=…>; rel="next"` (RFC 8288). */
function nextPage(session: Session, answer: Answer): URL | undefined {
  const header = [answer.headers.link ?? []].flat().join(', ');
  const link = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(header)?.[1];
  return link === undefined ? undefined : session.locate(link, answer);
}

function parseJson(bytes: Buffer, session: Session, doing: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SealerError('REGISTRY_ERROR', `Cannot ${doing}: ${session.registry} answers with no JSON`, { cause });
  }
}
