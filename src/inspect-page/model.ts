/**
 * What the page of an image knows: plain data, put into the page as JSON. Of files and components there are so many as the
 * limits allow (file-tree.ts, components.ts); what is left out is counted.
 */

// No imports: the page's script is checked against the browser's types, and what is imported here would be as well.

export interface PageModel {
  /** As people write it. */
  readonly name: string;
  /** What the name stands for: of the index, where there is one. */
  readonly digest: string;
  /** `linux/amd64`: the platform that is shown. */
  readonly platform: string;
  /** All that the image has. */
  readonly platforms: readonly string[];
  /** Titles and values, in the order to show them. */
  readonly facts: readonly (readonly [title: string, value: string])[];
  /** Bytes of all layers. */
  readonly size: number;
  /** What the image weighs, as parts that add up to about `size`. */
  readonly weights: readonly Weight[];
  /** The lowest first. */
  readonly layers: readonly PageLayer[];
  readonly components: readonly Component[];
  /** How many components the page has no room for. */
  readonly moreComponents: number;
  readonly comparison?: PageComparison | undefined;
}

/** A part of the image's bytes as they are stored and moved. */
export interface Weight {
  /** An app, or what stands for what belongs to none: see weights.ts. */
  readonly group: string;
  readonly name: string;
  readonly bytes: number;
}

export interface PageLayer {
  readonly digest: string;
  /** Bytes, as stored and moved. */
  readonly size: number;
  /** `rootfs`, `app`, `images`; empty where the image does not say. */
  readonly kind: string;
  /** The instruction that made it. */
  readonly createdBy: string;
  /** Files; of a layer of container images what it carries of them. */
  readonly content: readonly FileNode[];
  readonly rest?: Rest | undefined;
}

/** A file, folder or link. Its names are short because a page has a hundred thousand of them. */
export interface FileNode {
  /** Name, without the folders above it. */
  readonly n: string;
  /** Bytes; of a folder those of all files in it. */
  readonly s: number;
  /** The first digits of the SHA-256 of a file's bytes. */
  readonly d?: string | undefined;
  /** Of a link: where it leads. */
  readonly l?: string | undefined;
  /** What is in a folder, largest first. */
  readonly c?: readonly FileNode[] | undefined;
  /** What is in a folder and not listed. */
  readonly r?: Rest | undefined;
  /** 1: the layer removes it from those below. */
  readonly x?: 1 | undefined;
}

/** What there was no room for: how many files and folders, and the bytes of the files. */
export type Rest = readonly [count: number, bytes: number];

export type ComponentKind = 'image' | 'app' | 'chart' | 'program';

/** A line of the list of contents. */
export interface Component {
  readonly kind: ComponentKind;
  /** Of an image: its repository as people write it. */
  readonly name: string;
  /** Of an image: its tag. */
  readonly version: string;
  /** The app that it belongs to, or names it. */
  readonly app: string;
  /** Empty where there is none, or none is known. */
  readonly digest: string;
  /** Bytes of all that belongs to it; undefined: not known. */
  readonly size?: number | undefined;
  /** Its part of the cluster image's bytes, as stored: what several images share is split among them. */
  readonly weight: number;
  /** SPDX expression, where the image says one. */
  readonly license: string;
  /** Where it is in the image, or the complete name. */
  readonly place: string;
}

/** What an ImageComparison says (src/cluster-image), as far as the page shows it. */
export interface PageComparison {
  readonly from: { readonly name: string; readonly size: number };
  readonly to: { readonly name: string; readonly size: number };
  readonly images: {
    readonly added: readonly ComparedContent[];
    readonly removed: readonly ComparedContent[];
    readonly changed: readonly { readonly from: ComparedContent; readonly to: ComparedContent }[];
    readonly same: number;
  };
  readonly layers: {
    readonly added: readonly ComparedLayer[];
    readonly removed: readonly ComparedLayer[];
    readonly kept: number;
    readonly keptBytes: number;
  };
  readonly apps: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  };
  readonly bytesToMove: number;
}

export interface ComparedContent {
  readonly image: string;
  readonly digest?: string;
  readonly size?: number;
}

export interface ComparedLayer {
  readonly digest: string;
  readonly size: number;
  readonly createdBy?: string;
}
