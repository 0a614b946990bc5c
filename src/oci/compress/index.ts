/** Compression of layers: gzip and zstd, the same bytes on every machine. */

export { type ChunkCompressor, createCompressor, DEFAULT_LEVELS } from './chunk-compressor.ts';
export { type Compression, compressionOf, detectCompression, LAYER_TYPES, MAGIC_BYTES } from './compression.ts';
export { type DecompressLimits, decompress, sniffCompression } from './decompress.ts';
export { type GzipPiece, type StoredGzip, type StoredParts, storeAsGzip } from './stored-gzip.ts';
