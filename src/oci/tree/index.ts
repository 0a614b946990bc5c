/** The files of an image, read from its layers without unpacking them. */

export { type ExtractOptions, extractFiles, mergeLayers } from './extract-files.ts';
export { type IndexEntry, indexLayer, type LayerIndex } from './layer-index.ts';
export { type Origin, Tree, type TreeEntry } from './tree.ts';
