/**
 * The page's own script and style. From the sources they are put together here each time; `npm run bundle` puts the finished
 * texts in the place of this file (bundle.ts), because a bundle has no sources beside it.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface PageAssets {
  /** A classic script of one function. */
  readonly script: string;
  readonly style: string;
}

/** Puts both together. */
export async function pageAssets(): Promise<PageAssets> {
  const { build } = await import('esbuild');
  const folder = join(import.meta.dirname, 'page');
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ['main.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'error',
  });
  const script = outputFiles[0]?.text;
  if (script === undefined) throw new Error('esbuild gave no script for the page');
  return { script, style: await readFile(join(folder, 'style.css'), 'utf8') };
}
