/** What an engine is told to make a container that behaves like a machine. */

import type { HostEngine } from './engine.ts';
import {
  ADDRESS_LABEL,
  CLUSTER_LABEL,
  type HostRole,
  NUMBER_LABEL,
  networkName,
  ROLE_LABEL,
  volumeName,
} from './labels.ts';

export interface HostPlan {
  /** Of the container, and its host name. */
  readonly name: string;
  readonly cluster: string;
  readonly role: HostRole;
  readonly number: number;
  /** IPv4, in the cluster's network. */
  readonly address: string;
  /** The engine's own name for the image. */
  readonly image: string;
  /** The kernel's modules on the engine's machine; undefined where it has none. */
  readonly modules: string | undefined;
}

/** The labels of everything that belongs to one host. */
export function labelsOf({ cluster, role, number, address }: HostPlan): Readonly<Record<string, string>> {
  return { [CLUSTER_LABEL]: cluster, [ROLE_LABEL]: role, [NUMBER_LABEL]: String(number), [ADDRESS_LABEL]: address };
}

/**
 * The body of `POST /containers/create` (engine API 1.41; podman takes the same). Limits of open files are left to the
 * units: an engine that may not raise its own (one in a container) starts nothing with higher ones.
 */
export function creation(plan: HostPlan, kind: HostEngine['kind']): unknown {
  const { name, address, image, cluster, modules } = plan;
  const network = networkName(cluster);
  return {
    Image: image,
    Hostname: name,
    Labels: labelsOf(plan),
    // By which systemd knows that it is in a container.
    Env: [`container=${kind}`],
    StopSignal: 'SIGRTMIN+3',
    Tty: false,
    HostConfig: {
      Privileged: true,
      // Else hosts would keep their services in the same control groups, and end one another's.
      CgroupnsMode: 'private',
      NetworkMode: network,
      Tmpfs: { '/run': 'rw,exec,nosuid,nodev,mode=755', '/run/lock': 'rw,nosuid,nodev' },
      // All of /var/lib: overlays of containerd need a plain file system below, and what is on a volume's own mount point
      // could not be removed when the cluster goes.
      Binds: [
        `${volumeName(name)}:/var/lib${kind === 'podman' ? ':dev,suid,exec' : ''}`,
        ...(modules === undefined ? [] : [`${modules}:${modules}:ro`]),
      ],
      PidsLimit: -1,
      // After a reboot of the machine its clusters are there again.
      RestartPolicy: { Name: 'unless-stopped' },
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
  };
}
