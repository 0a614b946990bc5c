/** A host is a link to a machine, and what can be made of starting processes there. */

import type { Duplex, Readable } from 'node:stream';
import { findElevation } from './command/elevation.ts';
import type { Elevation } from './command/launcher.ts';
import type { Link } from './command/link.ts';
import { runCommand } from './command/run-command.ts';
import { askFacts } from './facts.ts';
import type { FileHost } from './files/file-host.ts';
import { readFile, readSmallFile } from './files/read.ts';
import { uploadFile } from './files/upload.ts';
import { writeFile } from './files/write.ts';
import type { Command, Host, HostFacts, Output, UploadContent, Uploaded, UploadOptions, WriteOptions } from './host.ts';
import type { HostLog } from './log.ts';

export interface LinkedHostOptions {
  readonly log?: HostLog | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** Makes a host of a link. */
export function linkedHost(link: Link, options: LinkedHostOptions = {}): Host {
  return new LinkedHost(link, options);
}

class LinkedHost implements Host, FileHost {
  readonly link: Link;
  readonly address: string;
  readonly label: string;
  readonly #log: HostLog | undefined;
  readonly #now: () => number;
  #elevation: Promise<Elevation> | undefined;
  #facts: Promise<HostFacts> | undefined;

  constructor(link: Link, { log, now = Date.now }: LinkedHostOptions) {
    this.link = link;
    this.address = link.address;
    this.label = link.label;
    this.#log = log;
    this.#now = now;
  }

  async exec(command: Command, onBytes?: (bytes: number) => void): Promise<Output> {
    command.signal?.throwIfAborted();
    const elevation = command.as === 'user' ? 'none' : await this.elevation();
    return await runCommand(this.link, command, { elevation, log: this.#log, onBytes });
  }

  /** Asked once; a failure is asked again, because somebody may have mended it. */
  elevation(): Promise<Elevation> {
    this.#elevation ??= findElevation(this.link).catch((error) => {
      this.#elevation = undefined;
      throw error;
    });
    return this.#elevation;
  }

  read(path: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Readable | undefined> {
    return readFile(this, path, options.signal);
  }

  readText(path: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<string | undefined> {
    return readSmallFile(this, path, options.signal);
  }

  write(path: string, content: Readable | string | Uint8Array, options: WriteOptions): Promise<void> {
    return writeFile(this, path, content, options);
  }

  upload(path: string, content: UploadContent, options: UploadOptions): Promise<Uploaded> {
    return uploadFile(this, path, content, options);
  }

  facts(): Promise<HostFacts> {
    this.#facts ??= askFacts(this, this.#now).catch((error) => {
      this.#facts = undefined;
      throw error;
    });
    return this.#facts;
  }

  forward(address: string, port: number): Promise<Duplex> {
    return this.link.forward(address, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link[Symbol.asyncDispose]();
  }
}
