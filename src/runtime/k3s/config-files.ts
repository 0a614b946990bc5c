/** Reading configs: the image's, and those that hosts have. */

import { load } from 'js-yaml';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { type Fields, fieldsOf, oneLine } from '../../kubernetes/fields.ts';
import type { RuntimeImage } from '../runtime.ts';
import type { K3sCluster } from './cluster.ts';
import type { ConfigSources } from './config.ts';
import { CONFIG_FILE } from './paths.ts';

/**
 * What the config of a host is made of.
 * @throws SealerError IMAGE_UNFIT if the image's etc/k3s.yml cannot be read
 */
export async function configSources(cluster: K3sCluster, image: RuntimeImage, host: Host): Promise<ConfigSources> {
  const { context, dataDir, files } = cluster;
  return {
    image,
    imageConfig: await imageConfigOf(image, host, context.signal),
    desired: context.cluster.k3s ?? { server: {}, agent: {} },
    dataDir,
    files,
    host: context.cluster.cluster.hosts.find(({ address }) => address === host.address),
    address: host.address,
  };
}

/** The config that a host has; undefined if there is none, or none that can be read. */
export async function readConfig(host: Host, signal: AbortSignal): Promise<Fields | undefined> {
  const text = await host.readText(CONFIG_FILE, { signal });
  if (text === undefined) return undefined;
  try {
    return fieldsOf(load(text));
  } catch {
    return undefined;
  }
}

async function imageConfigOf(image: RuntimeImage, host: Host, signal: AbortSignal): Promise<Fields> {
  const text = await host.readText(`${image.rootfs}/etc/k3s.yml`, { signal });
  if (text === undefined || text.trim() === '') return {};
  const unfit = (why: string, cause?: unknown): SealerError =>
    new SealerError('IMAGE_UNFIT', `etc/k3s.yml of ${image.name} cannot be read: ${oneLine(why, 300)}`, {
      hint: 'It has to be a map of the flags of k3s server, without their dashes.',
      cause,
    });
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    throw unfit(error instanceof Error ? error.message : String(error), error);
  }
  const fields = fieldsOf(value);
  if (fields === undefined) throw unfit('it is no map');
  return fields;
}
