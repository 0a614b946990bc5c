/** The part of tar-stream 3 that we use; it has no types of its own. */
declare module 'tar-stream' {
  import type { EventEmitter } from 'node:events';

  export interface Header {
    readonly name: string;
    /** `null`: a kind that tar-stream does not know, GNU's sparse files among them. */
    readonly type: string | null;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    /** Not always a number: a malformed field becomes `null` or NaN. */
    readonly size: number | null;
    readonly mtime: Date;
    readonly linkname: string | null;
    /** Where the entry's content begins in the archive. */
    readonly byteOffset: number;
    readonly pax: Readonly<Record<string, string>> | null;
  }

  /** A streamx stream: like a readable stream of Node.js, but not one. */
  export interface Entry extends EventEmitter {
    readonly header: Header;
    readonly destroyed: boolean;
    read(): Buffer | null;
    resume(): this;
    pause(): this;
    destroy(error?: Error): void;
  }

  export interface Extract extends EventEmitter, AsyncIterable<Entry> {
    readonly destroyed: boolean;
    write(chunk: Uint8Array): boolean;
    end(): void;
    destroy(error?: Error): void;
  }

  export function extract(options: {
    readonly highWaterMark?: number;
    readonly allowUnknownFormat?: boolean;
    readonly filenameEncoding?: string;
  }): Extract;
}
