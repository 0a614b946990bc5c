/** Plugins that an image brings: documents in plugins/*.yaml of its rootfs, and programs beside them. */

import { type PluginSpec, parsePlugins } from '../../clusterfile/index.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import type { Store } from '../../oci/store/index.ts';
import { rootfsFiles } from './rootfs-files.ts';
import type { RunnableImage } from './runnable-image.ts';

export interface ImagePlugins {
  readonly specs: readonly PluginSpec[];
  /** Names of programs in plugins/, which are types of plugins of their own. */
  readonly executables: readonly string[];
}

const FOLDER = 'plugins/';

/**
 * Reads them out of an image.
 * @throws SealerError PLUGIN_INVALID: every mistake with its file and line
 */
export async function imagePlugins(
  store: Store,
  { name, manifest }: Pick<RunnableImage, 'name' | 'manifest'>,
  signal?: AbortSignal,
): Promise<ImagePlugins> {
  const isPlugin = (path: string) => path.startsWith(FOLDER) && !path.slice(FOLDER.length).includes('/');
  const files = await rootfsFiles(store, manifest, isPlugin, signal);
  const isDocument = (path: string) => /\.ya?ml$/.test(path);
  const parsed = [...files].flatMap(([path, text]) => (isDocument(path) ? [parsePlugins(text.toString(), path)] : []));
  const problems = parsed.flatMap((each) => each.problems).filter(({ severity = 'error' }) => severity === 'error');
  if (problems.length > 0) {
    throw new SealerError('PLUGIN_INVALID', `Plugins of the image ${name} have mistakes; each is listed`, { problems });
  }
  return {
    specs: parsed.flatMap((each) => each.plugins),
    executables: [...files.keys()].filter((path) => !isDocument(path)).map((path) => path.slice(FOLDER.length)),
  };
}

/**
 * The documents of the image that a host has, whose mistakes were told when it came there: for when the image is not at hand.
 * @param rootfs the image's folder on the host; where it is gone already, there is nothing to run
 */
export async function pluginsOnHost(host: Host, rootfs: string, signal: AbortSignal): Promise<readonly PluginSpec[]> {
  const folder = `${rootfs}/${FOLDER}`;
  const names = ['(', '-name', '*.yaml', '-o', '-name', '*.yml', ')'];
  const argv = ['find', folder, '-maxdepth', '1', '-type', 'f', ...names, '-print0'] as const;
  const { stdout } = await host.exec({ argv, signal, allowFailure: true });
  const paths = stdout.split('\0').filter((path) => path !== '');
  const texts = await Promise.all(paths.map((path) => host.readText(path, { signal })));
  return texts.flatMap((text, i) => parsePlugins(text ?? '', paths[i] ?? folder).plugins);
}
