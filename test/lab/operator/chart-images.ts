/** Images for the charts of `test/fixtures/charts`, in a registry: each has the programs that the charts call. */

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../scratch.ts';
import { needs, runTool } from '../tools.ts';

/** A reason for a test's `skip`, or false. */
export const CHART_IMAGES_NEED = needs('crane', 'tar');

/**
 * Pushes an image under each name. All have the same layer, and each a digest of its own.
 * @param registry `host:port`, of plain http
 * @param references in that registry
 */
export async function pushChartImages(registry: string, references: readonly string[]): Promise<void> {
  await using folder = await temporaryFolder('chart-images');
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'build'));
  const root = join(folder.path, 'root');
  mkdirSync(root);
  copyFileSync(stdout.trim(), join(root, 'operator'));
  for (const name of ['pause', 'true']) symlinkSync('operator', join(root, name));
  const layer = join(folder.path, 'layer.tar.gz');
  await runTool('tar', ['-C', root, '-I', 'gzip -1n', '--owner=0', '--group=0', '-cf', layer, '.']);
  const base = `${registry}/base:1`;
  await runTool('crane', ['append', '--insecure', '--oci-empty-base', '-f', layer, '-t', base]);
  const config = ['--set-platform', 'linux/amd64', '--user', '65532', '--entrypoint', '/pause'];
  for (const reference of references) {
    await runTool('crane', ['mutate', '--insecure', ...config, '--label', `name=${reference}`, '-t', reference, base]);
  }
}
