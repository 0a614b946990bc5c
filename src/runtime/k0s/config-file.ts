/** The config of a controller on its host: what it is made of, and writing it. */

import { dump, load, YAMLException } from 'js-yaml';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { installFiles } from '../../hosts/index.ts';
import { type Fields, fieldsOf } from '../../kubernetes/fields.ts';
import type { RuntimeImage } from '../runtime.ts';
import { type K0sCluster, runK0s } from './cluster.ts';
import { type ConfigSources, controllerConfig, sansOf } from './config.ts';
import { CONFIG_FILE, K0S } from './paths.ts';

/**
 * What the config of every controller is made of.
 * @param host any with the image's rootfs
 * @param masters whose files tell which SANs there are already
 * @throws SealerError IMAGE_UNFIT if the image's etc/k0s.yaml cannot be read
 */
export async function configSources(
  { context }: K0sCluster,
  image: RuntimeImage,
  host: Host,
  masters: readonly Host[],
): Promise<ConfigSources> {
  const path = `${image.rootfs}/etc/k0s.yaml`;
  const text = await host.readText(path, { signal: context.signal });
  const sans = await Promise.all(masters.map(async (master) => sansOf(await readConfig(master, context.signal))));
  return {
    version: image.kubeVersion,
    image: text === undefined ? undefined : parseConfig(text, `${image.name}: etc/k0s.yaml`),
    cluster: context.cluster.k0s,
    env: image.env,
    masters: context.masters.map(({ address }) => address),
    sans: sans.flat(),
  };
}

/**
 * Writes the config of the controller on a host, and lets k0s check it.
 * @param sans more names for the API server's certificate
 * @returns whether it changed
 * @throws SealerError COMMAND_FAILED with what k0s does not like
 */
export async function writeConfig(
  cluster: K0sCluster,
  host: Host,
  sources: ConfigSources,
  sans: readonly string[] = [],
): Promise<boolean> {
  const { home, signal } = cluster.context;
  const config = controllerConfig({ ...sources, sans: [...sources.sans, ...sans] }, host.address);
  const content = `# Written by sealer.\n${dump(config, { lineWidth: -1 })}`;
  const changed = await installFiles(host, home, [{ path: CONFIG_FILE, mode: 0o600, content }], { signal });
  await runK0s(cluster, host, [K0S, 'config', 'validate', '--config', CONFIG_FILE]);
  return changed.length > 0;
}

/** The config on a host; undefined if there is none, or it cannot be read, or the host is gone. */
export async function readConfig(host: Host, signal: AbortSignal): Promise<Fields | undefined> {
  try {
    const text = await host.readText(CONFIG_FILE, { signal });
    return text === undefined ? undefined : fieldsOf(load(text));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof YAMLException || error instanceof SealerError) return undefined;
    throw error;
  }
}

function parseConfig(text: string, where: string): Fields | undefined {
  try {
    const value = load(text);
    const config = fieldsOf(value);
    if (config !== undefined || value === undefined || value === null) return config;
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    throw new SealerError('IMAGE_UNFIT', `${where} is no YAML: ${cause.message.split('\n')[0]}`, { cause });
  }
  throw new SealerError('IMAGE_UNFIT', `${where} is no ClusterConfig of k0s`, { hint: 'Mend it, and build again.' });
}
