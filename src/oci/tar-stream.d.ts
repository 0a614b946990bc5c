/**
 * The part of tar-stream 3 that is used here. Its own types rest on those of streamx, which has none, and promise what
 * hostile archives do not keep: a size that is a number, a type that is known.
 */
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
  export interface Entry extends EventEmitter, AsyncIterable<Uint8Array> {
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

  /** What an entry to write is; all but the name has a default. */
  export interface NewEntry {
    readonly name: string;
    readonly type?: 'file' | 'directory' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'fifo';
    readonly size?: number;
    readonly mode?: number;
    readonly mtime?: Date;
    readonly linkname?: string;
    readonly devmajor?: number;
    readonly devminor?: number;
  }

  /** Takes the content of one entry. */
  export interface Sink extends EventEmitter {
    readonly destroyed: boolean;
    write(chunk: Uint8Array): boolean;
    end(): void;
  }

  export interface Pack extends EventEmitter, AsyncIterable<Uint8Array> {
    entry(header: NewEntry, callback: (error?: Error | null) => void): Sink;
    entry(header: NewEntry, content: string | Uint8Array): Sink;
    finalize(): void;
    destroy(error?: unknown): void;
  }

  export function pack(): Pack;
}
