/** Hosts whose connections come and go: opened when something is asked of them, closed when too many are open. */

import type { Duplex, Readable } from 'node:stream';
import type {
  Command,
  Host,
  HostFacts,
  Output,
  UploadContent,
  Uploaded,
  UploadOptions,
  WriteOptions,
} from '../../hosts/host.ts';

/** Opens a connection to one host. */
export type Connect = () => Promise<Host>;

/** Keeps at most so many connections open; what is in use is never closed. */
export class ConnectionPool implements AsyncDisposable {
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #open = new Set<LazyHost>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A host that connects through this pool. */
  host(address: string, label: string, connect: Connect): Host {
    return new LazyHost(this, address, label, connect);
  }

  /** Notes that a host is used, and closes those that have not been used for the longest. */
  touch(host: LazyHost): void {
    this.#open.delete(host);
    this.#open.add(host);
    for (const each of this.#open) {
      if (this.#open.size <= this.#limit) return;
      if (each.isIdle) {
        this.#open.delete(each);
        void each.disconnect();
      }
    }
  }

  forget(host: LazyHost): void {
    this.#open.delete(host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#open].map((host) => host.disconnect()));
    this.#open.clear();
  }
}

/** A host that connects when it is used. */
class LazyHost implements Host {
  readonly address: string;
  readonly label: string;
  readonly #pool: ConnectionPool;
  readonly #connect: Connect;
  #connection: Promise<Host> | undefined;
  #facts: Promise<HostFacts> | undefined;
  #users = 0;

  constructor(pool: ConnectionPool, address: string, label: string, connect: Connect) {
    this.#pool = pool;
    this.address = address;
    this.label = label;
    this.#connect = connect;
  }

  get isIdle(): boolean {
    return this.#users === 0;
  }

  exec(command: Command): Promise<Output> {
    return this.#use((host) => host.exec(command));
  }

  async read(path: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Readable | undefined> {
    const { host, done } = await this.#take();
    try {
      const content = await host.read(path, options);
      if (content === undefined) done();
      else content.once('close', done);
      return content;
    } catch (error) {
      done();
      throw error;
    }
  }

  readText(path: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<string | undefined> {
    return this.#use((host) => host.readText(path, options));
  }

  write(path: string, content: Readable | string | Uint8Array, options: WriteOptions): Promise<void> {
    return this.#use((host) => host.write(path, content, options));
  }

  upload(path: string, content: UploadContent, options: UploadOptions): Promise<Uploaded> {
    return this.#use((host) => host.upload(path, content, options));
  }

  /** Asked once, whatever becomes of the connection. */
  facts(): Promise<HostFacts> {
    this.#facts ??= this.#use((host) => host.facts()).catch((error: unknown) => {
      this.#facts = undefined;
      throw error;
    });
    return this.#facts;
  }

  async forward(address: string, port: number): Promise<Duplex> {
    const { host, done } = await this.#take();
    try {
      const stream = await host.forward(address, port);
      stream.once('close', done);
      return stream;
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Closes the connection, if there is one; the next use opens another. */
  async disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#pool.forget(this);
    await connection?.then((host) => host[Symbol.asyncDispose]()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  async #use<T>(work: (host: Host) => Promise<T>): Promise<T> {
    const { host, done } = await this.#take();
    try {
      return await work(host);
    } finally {
      done();
    }
  }

  async #take(): Promise<{ host: Host; done: () => void }> {
    this.#users += 1;
    let isDone = false;
    const done = () => {
      if (isDone) return;
      isDone = true;
      this.#users -= 1;
    };
    try {
      this.#connection ??= this.#connect();
      const connection = this.#connection;
      this.#pool.touch(this);
      try {
        return { host: await connection, done };
      } catch (error) {
        // The next use tries anew.
        if (this.#connection === connection) this.#connection = undefined;
        this.#pool.forget(this);
        throw error;
      }
    } catch (error) {
      done();
      throw error;
    }
  }
}
