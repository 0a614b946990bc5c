/** What a stage is so far: its layers, and everything that is said about it. */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { HistoryEntry, ImageConfig } from '../../oci/image-config.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Store } from '../../oci/store/index.ts';
import type { EntryContent } from '../../oci/tar/index.ts';
import { type LayerIndex, Tree } from '../../oci/tree/index.ts';
import type { App } from '../instructions/app-kind.ts';
import { listOf } from '../layers/layer-lists.ts';
import type { LayerKind } from '../options.ts';
import type { StageRootfs } from './rootfs.ts';

export interface StageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly kind: LayerKind;
  readonly createdBy: string;
  readonly cached: boolean;
  /** Path in the rootfs → path in the context, of files that discovery reads. */
  readonly origins: Readonly<Record<string, string>>;
  /** Known where this build packed the layer. */
  readonly index?: LayerIndex | undefined;
  /** By path, files of a layer that this build packed, if discovery reads them. */
  readonly sources?: ReadonlyMap<string, LayerSource> | undefined;
}

/** Where a packed file came from, and what it was: SHA-256 in hex. */
export interface LayerSource {
  readonly content: EntryContent;
  readonly digest: string;
}

/** What LAUNCH, CMDS or CMD say; they replace each other. */
export interface Launch {
  readonly apps: readonly string[];
  readonly commands: readonly string[];
}

/** The image that a stage's FROM names. */
export interface BaseImage {
  /** Complete name, as asked for. */
  readonly name: string;
  /** What the name stands for: an index, as a rule. */
  readonly descriptor: Descriptor;
  readonly manifestDescriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/** Changes as instructions are carried out. */
export interface StageState {
  /** What this stage is for: `FROM --platform`, else the target. */
  readonly platform: Platform;
  /** What the build is for. */
  readonly target: Platform;
  readonly base: BaseImage | undefined;
  readonly layers: StageLayer[];
  readonly history: HistoryEntry[];
  readonly env: Map<string, string>;
  readonly args: Map<string, string>;
  readonly labels: Map<string, string>;
  readonly apps: Map<string, App>;
  launch: Launch;
  /** Whether this stage's own CMD may be added to `launch`, or has to replace what was inherited. */
  isLaunchOwn: boolean;
  /** Absolute. */
  workdir: string;
  author: string | undefined;
  rootfs: StageRootfs | undefined;
}

/** A stage `FROM scratch`. */
export function emptyState(platform: Platform, target: Platform): StageState {
  return {
    platform,
    target,
    base: undefined,
    layers: [],
    history: [],
    env: new Map(),
    args: new Map(),
    labels: new Map(),
    apps: new Map(),
    launch: { apps: [], commands: [] },
    isLaunchOwn: false,
    workdir: '/',
    author: undefined,
    rootfs: undefined,
  };
}

/** A stage on an earlier one: everything is inherited, arguments too, and nothing is shared. */
export function stateOnStage(earlier: StageState): StageState {
  return {
    ...earlier,
    layers: [...earlier.layers],
    history: [...earlier.history],
    env: new Map(earlier.env),
    args: new Map(earlier.args),
    labels: new Map(earlier.labels),
    apps: new Map(earlier.apps),
    isLaunchOwn: false,
    rootfs: undefined,
  };
}

/** The layers that make up the files, without the container images that are carried along. */
export function contentLayers(state: Pick<StageState, 'layers'>): readonly StageLayer[] {
  return state.layers.filter((layer) => layer.kind !== 'images');
}

/** What identifies the files of a stage so far. */
export function chainOf(state: Pick<StageState, 'layers'>): readonly Digest[] {
  return contentLayers(state).map((layer) => layer.diffId);
}

/** The files of a stage so far, without unpacking them. */
export async function mergedTree(state: StageState, store: Store, signal: AbortSignal | undefined): Promise<Tree> {
  const indexes: LayerIndex[] = [];
  for (const { index, descriptor } of contentLayers(state)) {
    indexes.push(index ?? (await listOf(store, descriptor, signal)));
  }
  return Tree.merge(indexes);
}
