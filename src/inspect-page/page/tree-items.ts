/** Layers, folders and files as items of one tree. Pure. */

import { formatBytes, formatCount } from '../../units.ts';
import type { FileNode, PageLayer, Rest } from '../model.ts';

export interface TreeItem {
  readonly name: string;
  /** Beside the name: what it is, where it leads. */
  readonly note: string;
  /** Undefined for what only tells that there is more. */
  readonly bytes: number | undefined;
  readonly digest: string;
  /** From the root of the rootfs; of a layer the instruction that made it. */
  readonly path: string;
  readonly kind: 'layer' | 'folder' | 'file' | 'link' | 'removed' | 'rest';
  /** Of a layer: its kind. */
  readonly layerKind?: string;
  /** Undefined for what cannot be opened; made when it is. */
  readonly children?: () => readonly TreeItem[];
}

/** An item for each layer, the lowest first. */
export function layerItems(layers: readonly PageLayer[]): readonly TreeItem[] {
  return layers.map(({ digest, size, kind, createdBy, content, rest }, i) => ({
    name: carriedIn(kind, content) ?? (createdBy === '' ? `layer ${i + 1}` : createdBy),
    ...{
      note: noteOf(kind, content),
      bytes: size,
      digest,
      path: createdBy,
      kind: 'layer',
      layerKind: kind === '' ? 'other' : kind,
    },
    ...(content.length === 0 && rest === undefined ? {} : { children: () => nodeItems(content, rest, '') }),
  }));
}

/** All layers of container images are made by the same step: what tells them apart is what they carry. */
function carriedIn(kind: string, content: readonly FileNode[]): string | undefined {
  const names = [...new Set(content.flatMap(({ n, c }) => (c === undefined ? [n] : c.map((user) => user.n))))];
  const [first] = names;
  if (kind !== 'images' || first === undefined) return undefined;
  return names.length === 1 ? first : `${first} and ${names.length - 1} more`;
}

function noteOf(kind: string, content: readonly FileNode[]): string {
  if (kind !== 'images' || content.length === 0) return '';
  return content.some(({ c }) => c !== undefined) ? 'a blob' : 'manifests, small blobs';
}

function nodeItems(nodes: readonly FileNode[], rest: Rest | undefined, folder: string): readonly TreeItem[] {
  return [...nodes.map((node) => nodeItem(node, folder)), ...(rest === undefined ? [] : [restItem(rest)])];
}

function nodeItem(node: FileNode, folder: string): TreeItem {
  const { n: name, s: bytes, d: digest = '', l: link, c: children, r: rest, x: isRemoved } = node;
  const path = folder === '' ? name : `${folder}/${name}`;
  const common = { name, bytes, path, digest: digest === '' ? '' : `sha256:${digest}…` };
  if (isRemoved !== undefined) return { ...common, kind: 'removed', note: 'removed from the layers below' };
  if (link !== undefined) return { ...common, kind: 'link', note: `→ ${link}` };
  if (children === undefined) return { ...common, kind: 'file', note: '' };
  return { ...common, kind: 'folder', note: '', children: () => nodeItems(children, rest, path) };
}

function restItem([count, bytes]: Rest): TreeItem {
  const name = `${formatCount(count, 'more file')}, ${formatBytes(bytes)}`;
  return { name, note: 'no room on this page', bytes: undefined, digest: '', path: '', kind: 'rest' };
}
