/** containerd as a service of a host. */

import { SealerError } from '../../../error.ts';
import { type FootprintFile, installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import type { RuntimeContext } from '../../runtime.ts';
import {
  installService,
  isActive,
  restartService,
  type ServiceSpec,
  serviceLog,
  startService,
} from '../../services/index.ts';
import { COMMAND_ENV, CONTAINERD, CONTAINERD_CONFIG, CRI_SOCKET, CTR, LIBRARIES } from '../places.ts';
import { containerdConfig } from './containerd-config.ts';

const SERVICE: ServiceSpec = {
  name: 'containerd',
  description: 'containerd container runtime',
  argv: [CONTAINERD],
  env: { LD_LIBRARY_PATH: LIBRARIES, PATH: COMMAND_ENV.PATH },
  preStart: [['/sbin/modprobe', 'overlay']],
  type: 'notify',
  // Pods outlive a restart of containerd.
  killMode: 'process',
  delegate: true,
  limits: { files: 1_048_576, processes: 'infinity', core: 'infinity', tasks: 'infinity' },
};

const READY_TIMEOUT_MS = 60_000;

export interface ContainerdInput {
  readonly usesSystemdCgroup: boolean;
  readonly pauseImage: string | undefined;
  readonly isContainer: boolean;
  /** A program of it changed: it has to be started anew. */
  readonly isChanged: boolean;
}

/** Configures and starts it; it is started anew only if something changed. @throws SealerError HOST_UNFIT */
export async function prepareContainerd(
  host: Host,
  { home, image, signal }: Pick<RuntimeContext, 'home' | 'image' | 'signal'>,
  input: ContainerdInput,
): Promise<void> {
  const [major, extra] = await Promise.all([
    containerdMajor(host, signal),
    host.readText(`${image.rootfs}/etc/containerd.toml`, { signal }),
  ]);
  const files: readonly FootprintFile[] = [
    { path: CONTAINERD_CONFIG, mode: 0o644, content: containerdConfig({ ...input, major, extra }) },
    {
      path: '/etc/crictl.yaml',
      mode: 0o644,
      content: `runtime-endpoint: ${CRI_SOCKET}\nimage-endpoint: ${CRI_SOCKET}\ntimeout: 10\n`,
    },
  ];
  const changed = await installFiles(host, home, files, { signal });
  const hasNewUnit = await installService(host, home, SERVICE, { signal });
  const isRunning = await isActive(host, SERVICE.name, { signal });
  if (!isRunning) await startService(host, SERVICE.name, { signal });
  else if (input.isChanged || hasNewUnit || changed.includes(CONTAINERD_CONFIG))
    await restartService(host, SERVICE.name, { signal });
  await waitForContainerd(host, signal);
}

async function containerdMajor(host: Host, signal: AbortSignal): Promise<number> {
  const { stdout } = await host.exec({ argv: [CONTAINERD, '--version'], env: COMMAND_ENV, signal });
  const major = /\bv?(\d+)\.\d+\.\d+/.exec(stdout)?.[1];
  if (major === undefined) {
    throw new SealerError(
      'IMAGE_UNFIT',
      `containerd on ${host.label} does not tell its version: ${stdout.slice(0, 200)}`,
    );
  }
  return Number(major);
}

async function waitForContainerd(host: Host, signal: AbortSignal): Promise<void> {
  let said = '';
  const ready = await poll<true>(
    async (within): Promise<Round<true>> => {
      const argv = [CTR, '--namespace', 'k8s.io', 'version'] as const;
      const { code, stderr } = await host.exec({ argv, env: COMMAND_ENV, signal: within, allowFailure: true });
      said = stderr;
      return code === 0 ? { done: true } : {};
    },
    { timeoutMs: READY_TIMEOUT_MS, signal },
  );
  if (ready !== undefined) return;
  const log = await serviceLog(host, SERVICE.name, 10, { signal });
  throw new SealerError('HOST_UNFIT', `containerd does not answer on ${host.label}: ${said.trim()}\n${log}`, {
    hint: 'Look at its log (journalctl -u containerd), mend it, and run the same command again.',
  });
}
