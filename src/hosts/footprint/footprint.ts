/**
 * The files that we put onto a host outside our own folder. What was there before is kept below `<home>/footprint`, so
 * that a reset leaves the host as it was. Everything is recorded before it is done: a run that was killed midway loses
 * nothing, and installing again goes on.
 */

import { pack } from 'tar-stream';
import { SealerError } from '../../error.ts';
import { isDiskFull } from '../disk-full.ts';
import type { Host } from '../host.ts';
import { INSTALL, LIST, REMOVE, RESTORE } from './program.ts';

/** A file, a copy of a file, or a symbolic link to be on a host. */
export interface FootprintFile {
  /** Absolute. */
  readonly path: string;
  /** Permission bits; links have none. */
  readonly mode: number;
  readonly content:
    | string
    | Uint8Array
    /** A file on the same host, say a binary of the rootfs. */
    | { readonly copyOf: string }
    /** What a symbolic link points to. */
    | { readonly linkTo: string };
}

export interface FootprintOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Contents that are sent; binaries are copies of what is on the host already. */
const MAX_CONTENT = 32 * 1024 * 1024;

/**
 * Puts files onto a host, in one round trip: parent folders are made (0755), each file appears by a rename (so that it
 * may be a running program), and what is the same already is left alone.
 * @param home our own folder on the host, absolute
 * @returns the paths that changed
 * @throws SealerError COMMAND_FAILED (naming host and path), HOST_DISK_FULL, and what `Host.exec` throws
 */
export async function installFiles(
  host: Host,
  home: string,
  files: readonly FootprintFile[],
  options: FootprintOptions = {},
): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const tar = await packFiles(files);
  return linesOf(await run(host, home, { name: 'install', program: INSTALL, stdin: tar }, options));
}

/**
 * Puts back what was at these paths before us (or nothing, if there was nothing) and forgets them; folders that we made
 * and that are empty now go. Paths that are not ours are left alone.
 * @throws as `installFiles`
 */
export async function removeFiles(
  host: Host,
  home: string,
  paths: readonly string[],
  options: FootprintOptions = {},
): Promise<void> {
  if (paths.length === 0) return;
  const stdin = paths.map((path) => `${checkPath(path)}\n`).join('');
  await run(host, home, { name: 'remove', program: REMOVE, stdin }, options);
}

/**
 * Puts back everything, the latest first, and forgets it. Folders that we made stay if somebody else's files are in them.
 * @throws as `installFiles`; what could be put back was, and calling again goes on
 */
export async function restoreFootprint(host: Host, home: string, options: FootprintOptions = {}): Promise<void> {
  await run(host, home, { name: 'restore', program: RESTORE }, options);
}

/** The paths of all files of ours on a host, in the order in which they came. */
export async function installedFiles(
  host: Host,
  home: string,
  options: FootprintOptions = {},
): Promise<readonly string[]> {
  return linesOf(await run(host, home, { name: 'list', program: LIST }, options));
}

interface Work {
  readonly name: string;
  readonly program: string;
  readonly stdin?: string | Uint8Array;
}

/** The end of the last work on a host: two at once would write over each other's books. */
const busy = new WeakMap<Host, Promise<unknown>>();

async function run(host: Host, home: string, work: Work, { signal }: FootprintOptions): Promise<string> {
  checkPath(home);
  const before = busy.get(host);
  const turn = (async () => {
    await before?.catch(() => {});
    return await host.exec({
      argv: ['sh', '-c', work.program, `sealer-footprint-${work.name}`, home],
      stdin: work.stdin,
      signal,
      allowFailure: true,
    });
  })();
  busy.set(host, turn);
  const { code, stdout, stderr } = await turn;
  if (code === 0) return stdout;
  const said = stderr.trim();
  if (isDiskFull(said)) {
    throw new SealerError('HOST_DISK_FULL', `No space is left on ${host.label} for the files of the cluster: ${said}`, {
      hint: 'Free some space there and run the same command again.',
    });
  }
  throw new SealerError('COMMAND_FAILED', `Files cannot be put into place on ${host.label}: ${said}`, {
    hint: 'Mend what is said and run the same command again; what was done is not done twice.',
  });
}

async function packFiles(files: readonly FootprintFile[]): Promise<Uint8Array> {
  const tar = pack();
  const list: string[] = [];
  let size = 0;
  files.forEach((file, index) => {
    const { kind, source, bytes } = describe(file, `f${index}`);
    list.push(kind, file.mode.toString(8), source, checkPath(file.path));
    if (bytes === undefined) return;
    size += bytes.byteLength;
    if (size > MAX_CONTENT) throw new Error('The files of one call are too large: upload them and install copies');
    tar.entry({ name: source, mode: 0o600 }, Buffer.from(bytes));
  });
  tar.entry({ name: 'list', mode: 0o600 }, list.map((line) => `${line}\n`).join(''));
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function describe({ content }: FootprintFile, name: string): { kind: string; source: string; bytes?: Uint8Array } {
  if (typeof content === 'string') return { kind: 'content', source: name, bytes: Buffer.from(content) };
  if (content instanceof Uint8Array) return { kind: 'content', source: name, bytes: content };
  if ('copyOf' in content) return { kind: 'copy', source: checkPath(content.copyOf) };
  return { kind: 'link', source: checkLine(content.linkTo) };
}

function checkPath(path: string): string {
  const isPlain = /^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(checkLine(path));
  if (!isPlain) throw new Error(`"${path}" is not an absolute path without "." and ".."`);
  return path;
}

/** The books have a line for each path. */
function checkLine(text: string): string {
  if (text === '' || /[\0\n\r]/.test(text)) throw new Error(`${JSON.stringify(text)} cannot be a path on a host`);
  return text;
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
