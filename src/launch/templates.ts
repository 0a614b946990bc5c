/**
 * The templates of a rootfs: every `*.tmpl` below etc/, charts/ and manifests/ sees the image's environment, and those of
 * an app and of its values files (application/values) its own as well; the result is the file without `.tmpl`
 * (sealerio/sealer, pkg/infradriver and pkg/env).
 */

import { randomUUID } from 'node:crypto';
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError, SealerError } from '../error.ts';

/**
 * Renders a Go template.
 * @param file where it is in the rootfs, for messages
 */
export type RenderTemplate = (
  text: string,
  file: string,
  env: Readonly<Record<string, string>>,
) => string | Promise<string>;

export interface TemplateOptions {
  /** What every template sees. */
  readonly env: Readonly<Record<string, string>>;
  /** What those of an app see beside it, and over it. */
  readonly apps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly renderTemplate: RenderTemplate;
  readonly signal?: AbortSignal | undefined;
}

const FOLDERS = ['etc', 'charts', 'manifests'] as const;
const APPS_FOLDERS = ['application/apps', 'application/values'] as const;
const SUFFIX = '.tmpl';
/** Where templates are looked for in a rootfs, and how they end; those of an app are below its name. */
export const TEMPLATE_PLACES = { folders: FOLDERS, appsFolders: APPS_FOLDERS, suffix: SUFFIX } as const;
/** Far above any template, far below what fills the memory. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 64;

/**
 * Renders all templates of a rootfs in place. Symlinks are neither followed nor written through: the rootfs may want to
 * have files of this machine read or replaced.
 * @throws SealerError LAUNCH_FAILED for a template that is too large or not UTF-8; whatever `renderTemplate` throws; the
 *   signal's reason
 */
export async function renderTemplates(rootfs: string, options: TemplateOptions): Promise<void> {
  const { env, apps } = options;
  for (const folder of FOLDERS) await renderFolder(rootfs, folder, env, options);
  for (const folder of APPS_FOLDERS) {
    for (const { name } of await foldersIn(rootfs, folder)) {
      await renderFolder(rootfs, `${folder}/${name}`, { ...env, ...apps.get(name) }, options);
    }
  }
}

async function renderFolder(
  rootfs: string,
  folder: string,
  env: TemplateOptions['env'],
  options: TemplateOptions,
  depth = 0,
): Promise<void> {
  if (depth > MAX_DEPTH) return;
  for (const entry of await entriesOf(rootfs, folder)) {
    options.signal?.throwIfAborted();
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) await renderFolder(rootfs, path, env, options, depth + 1);
    else if (entry.isFile() && entry.name.endsWith(SUFFIX) && entry.name !== SUFFIX) {
      await renderFile(rootfs, path, env, options);
    }
  }
}

async function renderFile(
  rootfs: string,
  path: string,
  env: TemplateOptions['env'],
  { renderTemplate }: TemplateOptions,
): Promise<void> {
  const file = join(rootfs, path);
  const { size, mode } = await lstat(file);
  if (size > MAX_BYTES) throw unreadable(path, `it has more than ${MAX_BYTES} bytes`);
  const rendered = await renderTemplate(decode(await readFile(file), path), path, env);
  // Written beside and renamed: what was there under the name, a symlink perhaps, is replaced and not written to.
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, rendered, { mode: mode & 0o777, flag: 'wx' });
    await rename(temporary, file.slice(0, -SUFFIX.length));
  } catch (error) {
    await rm(temporary, { force: true });
    if (isSystemError(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw unreadable(path, 'a folder has its name');
    throw error;
  }
}

/** The entries of a folder of the rootfs, sorted; none if it, or a folder above, is a link or is not there. */
async function entriesOf(rootfs: string, folder: string) {
  let path = rootfs;
  for (const name of folder.split('/')) {
    path = join(path, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory() !== true) return [];
  }
  const entries = await readdir(path, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function foldersIn(rootfs: string, folder: string) {
  return (await entriesOf(rootfs, folder)).filter((entry) => entry.isDirectory());
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable(path, 'it is not UTF-8');
  }
}

function unreadable(path: string, why: string): SealerError {
  return new SealerError('LAUNCH_FAILED', `The template ${path} cannot be rendered: ${why}`, { at: { file: path } });
}
