/**
 * The page's own script and style. From the sources they are put together here each time; `npm run bundle` puts the finished
 * texts in the place of this file (bundle.ts), because a bundle has no sources beside it.
 */

import { join } from 'node:path';

export interface PageAssets {
  /** A classic script of one function. */
  readonly script: string;
  readonly style: string;
}

/** Puts both together. */
export async function pageAssets(): Promise<PageAssets> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: join(import.meta.dirname, 'page'),
    entryPoints: ['main.ts', 'style.css'],
    outdir: 'out',
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'error',
  });
  const textOf = (ending: string) => {
    const file = outputFiles.find(({ path }) => path.endsWith(ending));
    if (file === undefined) throw new Error(`esbuild gave no ${ending} for the page`);
    return file.text;
  };
  return { script: textOf('.js'), style: textOf('.css') };
}
