/** What the archives use of tar-stream beside what src/oci/tar declares. */
declare module 'tar-stream' {
  import type { EventEmitter } from 'node:events';

  export interface Entry extends AsyncIterable<Uint8Array> {}

  /** Takes the content of one entry. */
  export interface Sink extends EventEmitter {
    readonly destroyed: boolean;
    write(chunk: Uint8Array): boolean;
    end(): void;
  }

  export interface Pack extends EventEmitter, AsyncIterable<Uint8Array> {
    entry(
      header: { name: string; type: 'file' | 'directory'; size: number; mode: number; mtime: Date },
      callback: (error?: Error | null) => void,
    ): Sink;
    finalize(): void;
    destroy(error?: unknown): void;
  }

  export function pack(): Pack;
}
