/** Container images for tests, made and pushed by GNU tar and crane: nothing of ours is in them. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, writeFiles } from './scratch.ts';
import { runTool } from './tools.ts';

export interface ContainerImageOptions {
  /** One layer for each set of files. */
  readonly layers: readonly Readonly<Record<string, string | Uint8Array>>[];
  /** OCI manifest (default) or Docker's schema 2. */
  readonly format?: 'oci' | 'docker';
  readonly platform?: string;
}

/** Makes a container image and pushes it to a registry of plain http. Gives its digest. */
export async function pushContainerImage(reference: string, options: ContainerImageOptions): Promise<string> {
  await using folder = await temporaryFolder('image');
  const layers: string[] = [];
  for (const [i, files] of options.layers.entries()) {
    const root = join(folder.path, 'root');
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    writeFiles(root, files);
    const file = join(folder.path, `layer-${i}.tar.gz`);
    await runTool('tar', ['-C', root, '-I', 'gzip -1n', '--sort=name', '--mtime=@0', '-cf', file, '.']);
    layers.push('-f', file);
  }
  const base = options.format === 'docker' ? [] : ['--oci-empty-base'];
  const platform = options.platform === undefined ? [] : ['--set-platform', options.platform];
  await runTool('crane', ['append', '--insecure', ...base, ...layers, '-t', reference]);
  if (platform.length > 0) await runTool('crane', ['mutate', '--insecure', ...platform, '-t', reference, reference]);
  return (await runTool('crane', ['digest', '--insecure', reference])).trim();
}

/** Makes an index of images that are already pushed. Gives its digest. */
export async function pushIndex(reference: string, children: readonly string[]): Promise<string> {
  const manifests = children.flatMap((child) => ['-m', child]);
  await runTool('crane', ['index', 'append', '--insecure', ...manifests, '-t', reference]);
  return (await runTool('crane', ['digest', '--insecure', reference])).trim();
}
