/** References written in pieces: `{registry, repository, tag, digest}`, also split over sibling keys with a prefix. */

import { isDigest } from '../../oci/digest.ts';
import { stringOf, textOf, type YamlNode } from '../../yaml/document.ts';
import type { FinderName, Finding } from '../finding.ts';
import { lookAt } from './looks.ts';
import { takeLook, type Walk } from './walk.ts';

type Role = 'registry' | 'base' | 'image' | 'name' | 'tag' | 'version' | 'digest';

const ROLES: Readonly<Record<string, Role>> = {
  registry: 'registry',
  hub: 'registry',
  repository: 'base',
  repo: 'base',
  newname: 'base',
  image: 'image',
  name: 'name',
  tag: 'tag',
  newtag: 'tag',
  version: 'version',
  digest: 'digest',
  sha: 'digest',
  sha256: 'digest',
};

/** `proxyImageTag`, `image.repository`, `PROXY_IMAGE_TAG`: a prefix, and the piece that it is. */
const PIECE = /^(.*?)[._-]?(registry|hub|repository|repo|newname|name|image|newtag|tag|version|digest|sha256|sha)$/i;

/** What one prefix has, by the piece it is. */
interface Pieces {
  readonly nodes: Map<Role, { readonly key: string; readonly node: YamlNode }>;
  /** One of the keys has "image" in it. */
  saysImage: boolean;
}

export interface ComposeOptions {
  /** The key above says that this is an image, so a mere name is one. */
  readonly isImage: boolean;
  readonly finder: FinderName;
  /** Only pieces with "image" in their keys: for names of environment variables. */
  readonly mustSayImage?: boolean;
  /** What a rule of the user says. */
  readonly certainty?: Finding['certainty'];
}

/** Whether a key is one of the pieces: its value alone is no image. */
export function isRoleKey(key: string): boolean {
  return key.toLowerCase() !== 'image' && PIECE.test(key);
}

/**
 * Takes the references that the entries of a mapping make together.
 * @param path of the mapping, with its dot
 */
export function takeComposed(
  walk: Walk,
  entries: ReadonlyMap<string, YamlNode>,
  path: string,
  options: ComposeOptions,
): void {
  for (const pieces of groupPieces(entries)) compose(walk, pieces, path, options);
}

function groupPieces(entries: ReadonlyMap<string, YamlNode>): Iterable<Pieces> {
  let groups: Map<string, Pieces> | undefined;
  for (const [key, node] of entries) {
    const match = key.length <= 200 ? PIECE.exec(key) : null;
    const role = ROLES[match?.[2]?.toLowerCase() ?? ''];
    if (match === null || role === undefined) continue;
    const prefix = (match[1] ?? '').replace(/[._-]?image$/i, '').toLowerCase();
    groups ??= new Map();
    let group = groups.get(prefix);
    if (group === undefined) {
      group = { nodes: new Map(), saysImage: false };
      groups.set(prefix, group);
    }
    // Kustomize has `name` and `newName`: the new one is what is pulled.
    if (!group.nodes.has(role) || /^new/i.test(match[2] ?? '')) group.nodes.set(role, { key, node });
    if (/image$/i.test(match[1] ?? '') || role === 'image') group.saysImage = true;
  }
  return groups?.values() ?? [];
}

function compose(walk: Walk, { nodes, saysImage }: Pieces, path: string, options: ComposeOptions): void {
  const { yaml } = walk;
  if (options.mustSayImage === true && !saysImage) return;
  const text = (role: Role): string | undefined => {
    const node = nodes.get(role)?.node;
    const piece = isStringRole(role) ? stringOf(yaml, node) : textOf(yaml, node);
    return piece?.trim() || undefined;
  };
  const isImage = options.isImage || saysImage;
  const registry = text('registry');
  const ownTag = text('tag');
  const digest = digestOf(text('digest'));
  // `{name, version}` is a package of any kind; with a registry, or below `image`, it is an image.
  const base =
    nodes.get('base') ??
    nodes.get('image') ??
    (isImage || (registry !== undefined && (ownTag ?? digest) !== undefined) ? nodes.get('name') : undefined);
  const name = base === undefined ? undefined : stringOf(yaml, base.node)?.trim();
  if (base === undefined || name === undefined || name === '' || walk.taken.has(base.node)) return;
  const tag = ownTag ?? (isImage || registry !== undefined ? text('version') : undefined);
  const isWhole = /@|:[^/]*$/.test(name);
  if (registry === undefined && (isWhole || (tag ?? digest) === undefined)) {
    // Complete by itself, or without any other piece: that is for the key's own looks.
    if (nodes.get('image') === base || isWhole || !options.isImage) return;
    // `tag: ""` stands for a version that only the chart or operator knows.
    if (nodes.has('tag') || !name.includes('/')) return;
  }
  const full = assemble(name, isWhole ? {} : { tag, digest }, registryFor(walk, name, registry));
  if (full === undefined) return;
  for (const { node } of nodes.values()) walk.taken.add(node);
  // What a version is of, only the operator knows; a tag is the image's.
  const isSure = (ownTag ?? digest) !== undefined && lookAt(full)?.isUnmistakable === true;
  const certainty = options.certainty ?? (isSure || (isWhole && registry !== undefined) ? 'certain' : 'possible');
  takeLook(walk, base.node, full, `${path}${base.key}`, { finder: options.finder, certainty });
}

/** `tag: 1.10` is no string in YAML, and a tag all the same. */
function isStringRole(role: Role): boolean {
  return role !== 'tag' && role !== 'version' && role !== 'digest';
}

/** Charts whose values have a registry of their own let `global.imageRegistry` win over it. */
function registryFor({ globalRegistry }: Walk, name: string, own: string | undefined): string | undefined {
  if (globalRegistry !== undefined && (own !== undefined || !hasHost(name))) return globalRegistry;
  return own;
}

function assemble(
  name: string,
  { tag, digest }: { tag?: string | undefined; digest?: string | undefined },
  registry: string | undefined,
): string | undefined {
  const bare = name.replace(/^(?:docker:\/\/|\/+)/, '').replace(/\/+$/, '');
  // `repository: https://charts.example.com` is where charts are; `registry.k8s.io` alone is a host and no name.
  if (bare.includes('://') || (registry === undefined && /^[^/]+\.[^/]+$/.test(bare) && !/@/.test(bare)))
    return undefined;
  const host = registry?.replace(/^(?:https?|oci|docker):\/\//, '').replace(/\/+$/, '');
  const full = host === undefined || host === '' || hasHost(bare) ? bare : `${host}/${bare}`;
  return `${full}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function hasHost(name: string): boolean {
  const slash = name.indexOf('/');
  return slash > 0 && /[.:]|^localhost$/.test(name.slice(0, slash));
}

function digestOf(text: string | undefined): string | undefined {
  const bare = text?.replace(/^@/, '');
  if (bare === undefined) return undefined;
  const digest = /^[a-f\d]{64}$/.test(bare) ? `sha256:${bare}` : bare;
  return isDigest(digest) ? digest : undefined;
}
