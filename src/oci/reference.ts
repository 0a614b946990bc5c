/**
 * Image references: `[host[:port]/]path[:tag][@digest]`.
 *
 * The grammar is distribution/reference's, composed of named pieces. Short names are completed as docker does it
 * (`nginx` is `docker.io/library/nginx`), and a name keeps both its tag and its digest where it has both.
 */

import { SealerError } from '../error.ts';
import { type Digest, isDigest } from './digest.ts';

export interface Reference {
  /** Registry host with port, as in the completed name: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** Path below the registry: `library/nginx`. */
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

const LABEL = '[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]';
const DOMAIN = `(?:${LABEL})(?:\\.(?:${LABEL}))*`;
const IPV6 = '\\[(?:[a-fA-F0-9:]+)\\]';
const HOST = `(?:${DOMAIN}|${IPV6})(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = `${COMPONENT}(?:/${COMPONENT})*`;
const TAG = '[\\w][\\w.-]{0,127}';

const HOST_RE = new RegExp(`^${HOST}$`);
const PATH_RE = new RegExp(`^${PATH}$`);
const TAG_RE = new RegExp(`^${TAG}$`);
/** distribution/reference NameTotalLengthMax */
const MAX_NAME = 255;

/**
 * Parses a reference and completes short names. A reference without tag and digest gets the tag `latest`.
 * @throws SealerError INVALID_REFERENCE
 */
export function parseReference(text: string): Reference {
  const bare = parseWithoutDefaultTag(text);
  return bare.tag === undefined && bare.digest === undefined ? { ...bare, tag: 'latest' } : bare;
}

/**
 * Parses a repository name, which has neither tag nor digest.
 * @throws SealerError INVALID_REFERENCE
 */
export function parseRepository(text: string): Pick<Reference, 'registry' | 'repository'> {
  const { registry, repository, tag, digest } = parseWithoutDefaultTag(text);
  if (tag !== undefined || digest !== undefined) {
    throw invalid(text, 'it has a tag or digest where a repository is asked for');
  }
  return { registry, repository };
}

/** Whether a string is a reference; for code that looks for references in other people's text. */
export function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a string can be the path of a repository (distribution-spec 1.1, `<name>`). */
export function isRepositoryPath(text: string): boolean {
  return text.length <= MAX_NAME && PATH_RE.test(text);
}

/** Whether a string can be a tag (distribution-spec 1.1, `<reference>`). */
export function isTag(text: string): boolean {
  return TAG_RE.test(text);
}

/** The complete name: `docker.io/library/nginx:1.25@sha256:…`. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The name as people write it: `nginx:1.25`. */
export function familiarReference(reference: Reference): string {
  const full = formatReference(reference);
  if (reference.registry !== 'docker.io') return full;
  return full.slice(full.startsWith('docker.io/library/') ? 'docker.io/library/'.length : 'docker.io/'.length);
}

/** What to ask a registry for: the digest where there is one, else the tag. */
export function manifestReference({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest';
}

function parseWithoutDefaultTag(text: string): Reference {
  const { name, tag, digest } = splitSuffixes(text);
  const { registry, repository } = splitHost(name);
  if (/^[a-f0-9]{64}$/.test(name)) throw invalid(text, 'a bare 64-digit hexadecimal name would be taken for an ID');
  if (!HOST_RE.test(registry)) throw invalid(text, `"${registry}" is not a registry host`);
  if (repository !== repository.toLowerCase()) {
    throw invalid(text, 'repository names are lower-case', `Write ${name.toLowerCase()}.`);
  }
  if (!PATH_RE.test(repository)) throw invalid(text, `"${repository}" is not a repository name`);
  if (`${registry}/${repository}`.length > MAX_NAME)
    throw invalid(text, `the name is longer than ${MAX_NAME} characters`);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitSuffixes(text: string): { name: string; tag: string | undefined; digest: Digest | undefined } {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, `"${digest}" is not a digest`);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  // A colon before the last slash belongs to a port.
  if (colon < 0 || named.indexOf('/', colon) >= 0) return { name: named, tag: undefined, digest };
  const tag = named.slice(colon + 1);
  if (!TAG_RE.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
  return { name: named.slice(0, colon), tag, digest };
}

/** docker's rule: what stands before the first slash is a host if it has a dot or a colon, is localhost, or has capitals. */
function splitHost(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const registry = isHost ? first : 'docker.io';
  const repository = isHost ? name.slice(slash + 1) : name;
  if (registry === 'index.docker.io') return splitHost(`docker.io/${repository}`);
  if (registry === 'docker.io' && !repository.includes('/')) return { registry, repository: `library/${repository}` };
  return { registry, repository };
}

function invalid(text: string, why: string, hint?: string): SealerError {
  return new SealerError('INVALID_REFERENCE', `"${text}" is not an image reference: ${why}`, {
    hint: hint ?? 'A reference looks like registry.example.com:5000/team/app:v1 or app@sha256:….',
  });
}
