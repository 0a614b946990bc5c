/** What the parts of this driver share: the context, the way to a master that works, and settings that are made once. */

import { SealerError } from '../../error.ts';
import type { Host, Output } from '../../hosts/host.ts';
import { mapOf, stringOf } from '../../kubernetes/fields.ts';
import type { Runtime, RuntimeContext } from '../runtime.ts';
import type { Settings } from './config/settings.ts';
import { joinHostPort, settingsOf } from './config/settings.ts';
import { ETCD_FOLDER } from './places.ts';
import { isContainer } from './prepare/is-container.ts';

export interface Driver extends RuntimeContext {
  readonly kubectl: Runtime['kubectl'];
  /** A master whose API answers; asked anew when it stops to. @throws SealerError CLUSTER_UNREACHABLE */
  liveMaster(): Promise<Host>;
  /** From now on, nobody asks this master. */
  forget(address: string): void;
  settings(): Promise<Settings>;
  /** The name that a host is to have as a node; undefined: its own. */
  nodeName(host: Host): string | undefined;
}

/** The first master: the one that becomes the cluster. */
export function firstMaster({ masters }: Pick<RuntimeContext, 'masters'>): Host {
  const [first] = masters;
  if (first === undefined) throw new SealerError('HOST_UNFIT', 'a cluster has no master');
  return first;
}

/** Works out the settings, once: from the Clusterfile, from the image on the first
 * master that can be reached, and from what kind of machine that is. */
export function lazySettings(context: RuntimeContext): () => Promise<Settings> {
  let made: Promise<Settings> | undefined;
  const make = async (host: Host): Promise<Settings> => {
    const { signal, image, cluster, masters } = context;
    const { registry } = cluster.cluster;
    const [facts, contained, imageConfig] = await Promise.all([
      host.facts(),
      isContainer(host, signal),
      host.readText(`${image.rootfs}/etc/kubeadm.yml`, { signal }),
    ]);
    return settingsOf({
      cluster,
      image,
      imageConfig,
      masters: masters.map(({ address }) => address),
      ground: { isContainer: contained, init: facts.init, cgroupVersion: facts.cgroupVersion },
      ownRegistry: registry.kind === 'local' ? joinHostPort(registry.domain, registry.port) : undefined,
    });
  };
  const makeByAny = async (): Promise<Settings> => {
    for (const host of context.masters.slice(0, -1)) {
      const settings = await make(host).catch((error: unknown) => {
        if (error instanceof SealerError && error.code.startsWith('HOST_')) return undefined;
        throw error;
      });
      if (settings !== undefined) return settings;
    }
    return await make(context.masters.at(-1) ?? firstMaster(context));
  };
  return () => {
    made ??= makeByAny().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Where etcd keeps its data on masters: a Clusterfile may put it onto a disk of its own. */
export function etcdFolder({ cluster }: Pick<Settings, 'cluster'>): string {
  const folder = stringOf(mapOf(mapOf(cluster.etcd).local).dataDir)?.replace(/\/+$/, '') ?? '';
  return /^\/\S+$/.test(folder) ? folder : ETCD_FOLDER;
}

/**
 * Whether an answer of kubectl says that nobody was there to ask, so that another master may be asked the same. An API server
 * that has just begun knows no roles yet, and forbids everything.
 */
export function isUnanswered({ code, stderr }: Output): boolean {
  return code !== 0 && UNANSWERED.some((pattern) => pattern.test(stderr));
}

const UNANSWERED = [
  /connection refused|no route to host|i\/o timeout|was refused|EOF$|TLS handshake timeout/m,
  /RBAC: .*"cluster-admin" not found/,
  /currently unable to handle the request|etcdserver: (?:leader changed|no leader|request timed out)/,
];
