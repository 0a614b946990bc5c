/**
 * What commands and files of a target machine go through. Hosts over SSH, in a container engine and this machine itself
 * behave alike; one contract test runs against all of them (test/integration/hosts).
 */

import type { Duplex, Readable } from 'node:stream';

/** A machine that becomes, is or was a member of a cluster. Disposing closes the connection, nothing on the host. */
export interface Host extends AsyncDisposable {
  /** As the Clusterfile names it, without user and port; what other hosts reach it by. */
  readonly address: string;
  /** What people are told: `10.0.0.2`, or `10.0.0.2 (container shop-master-1)`. */
  readonly label: string;
  /**
   * Runs a command to its end, as root unless told otherwise.
   * @throws SealerError COMMAND_FAILED (host, command, exit code, last lines of output) unless `allowFailure`,
   *   HOST_TIMEOUT, HOST_UNREACHABLE, SUDO_FAILED; the signal's reason
   */
  exec(command: Command): Promise<Output>;
  /** The content of a file as a stream, by root; undefined if there is none. */
  read(path: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Readable | undefined>;
  /** A small file (1 MiB at most) as text; undefined if there is none. */
  readText(path: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<string | undefined>;
  /** Writes a file through a temporary name beside it: flushed, then renamed; its folders are made. */
  write(path: string, content: Readable | string | Uint8Array, options: WriteOptions): Promise<void>;
  /**
   * Brings content of a known digest to a file; what is there already is not sent, what broke off goes on where it
   * broke. The file appears under its name only when its digest was checked on the host.
   * @throws SealerError DIGEST_MISMATCH, DISK_FULL, HOST_UNREACHABLE
   */
  upload(path: string, content: UploadContent, options: UploadOptions): Promise<Uploaded>;
  /** What kind of machine it is; asked once. */
  facts(): Promise<HostFacts>;
  /** A TCP connection from the host to somewhere: the API server is reached through here. */
  forward(address: string, port: number): Promise<Duplex>;
}

export interface Command {
  /** Never seen by a shell. Secrets do not belong here: use `stdin` or `env`, which never reach the host's argv. */
  readonly argv: readonly [string, ...string[]];
  readonly stdin?: string | Uint8Array | Readable | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Default: root, by sudo where the user is another. `user`: whoever logged in. */
  readonly as?: 'root' | 'user' | undefined;
  /** Milliseconds; the command is killed on the host afterwards. Default: 10 minutes. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Each line of output as it comes; the host's log has it anyway. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  /** A failed command is an Output like any other. */
  readonly allowFailure?: boolean | undefined;
  /** Values to blank in logs and errors. */
  readonly secrets?: readonly string[] | undefined;
  /** What it prints is content, which may be a key: the host's log is without it. */
  readonly printsContent?: boolean | undefined;
}

export interface Output {
  /** The exit code; undefined if a signal ended the command. */
  readonly code: number | undefined;
  /** The first 4 MiB of it. */
  readonly stdout: string;
  /** The last 64 KiB of it. */
  readonly stderr: string;
}

export interface WriteOptions {
  /** Permission bits, for example 0o644. */
  readonly mode: number;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadContent {
  /** `sha256:…`. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  /** The content from an offset on. */
  open(offset: number): Promise<Readable> | Readable;
}

export interface UploadOptions extends WriteOptions {
  /** Called as bytes leave. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export interface Uploaded {
  /** What crossed the link, in bytes; 0 if it was there. */
  readonly sent: number;
}

export interface HostFacts {
  readonly hostname: string;
  /** /etc/machine-id; empty if there is none. */
  readonly machineId: string;
  /** From /etc/os-release: ID, VERSION_ID, PRETTY_NAME. */
  readonly os: { readonly id: string; readonly version: string; readonly name: string };
  /** `uname -r`. */
  readonly kernel: string;
  /** As OCI names it: amd64, arm64, … */
  readonly arch: string;
  readonly cpus: number;
  /** In bytes. */
  readonly memory: number;
  readonly init: 'systemd' | 'openrc' | 'unknown';
  readonly cgroupVersion: 1 | 2;
  /** All addresses of its interfaces but loopback. */
  readonly addresses: readonly string[];
  /** Its clock minus ours, in milliseconds, half of the round trip taken off. */
  readonly clockSkewMs: number;
  /** Who logged in. */
  readonly user: string;
}
