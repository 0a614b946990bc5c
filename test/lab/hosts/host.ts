/** One host of the lab. */

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabEngine } from '../engine.ts';
import { type ExecOptions, execInContainer, type HostOutput } from './exec.ts';
import { type LabKeys, makeHostKeys } from './keys.ts';
import type { LabNetwork } from './network.ts';

/** A machine. Whatever starts it waits until it is up: systemd has started everything, and sshd answers. */
export interface LabHost {
  /** Its host name when it was made. */
  readonly name: string;
  /** By which this machine and the other hosts find it. */
  readonly address: string;
  readonly containerId: string;
  /** Folder here with its sshd's keys (`ssh_host_ed25519_key.pub`). */
  readonly keyFolder: string;
  /** Runs a command as root by way of the engine, not of sshd. Fails unless it exits with 0, or `allowFailure`. */
  exec(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<HostOutput>;
  /** Shuts it down in order; its disk stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Pulls the plug: nothing on it gets to know. `start` makes it come up again. */
  kill(): Promise<void>;
  reboot(): Promise<void>;
  /** Waits until it is up. */
  ready(): Promise<void>;
  remove(): Promise<void>;
}

export interface HostPlan {
  readonly name: string;
  readonly image: string;
  /** Of which the first is the way to it. */
  readonly networks: readonly [LabNetwork, ...LabNetwork[]];
  /** The last part of its addresses. */
  readonly number: number;
  readonly keys: LabKeys;
  /** As podman's `--volume` has them. */
  readonly mounts: readonly string[];
  readonly keep?: string | undefined;
}

// What the slowest machine under the heaviest load may take; usually it is two seconds.
const UP_WITHIN_MS = 120_000;

/** Starts a container that behaves like a machine, and waits until it is up. */
export async function hostContainer(engine: LabEngine, plan: HostPlan): Promise<LabHost> {
  const [network] = plan.networks;
  const address = network.address(plan.number);
  const keyFolder = await makeHostKeys(plan.keys, plan.name);
  const created = await engine.podman('create', ...creation(plan, keyFolder));
  const containerId = created.trim();
  const host: LabHost = {
    name: plan.name,
    address,
    containerId,
    keyFolder,
    exec: (argv, options) => execInContainer(containerId, argv, options),
    async start() {
      await engine.podman('start', containerId);
      for (const each of plan.networks) await each.plug();
      await host.ready();
    },
    async stop() {
      await engine.podman('stop', '--time', '30', containerId);
    },
    async kill() {
      await engine.podman('kill', '--signal', 'KILL', containerId);
      await engine.podman('wait', containerId);
    },
    async reboot() {
      await host.stop();
      await host.start();
    },
    async ready() {
      const deadline = Date.now() + UP_WITHIN_MS;
      await untilUp(host, deadline);
      if (network.runner !== undefined) await untilBanner(host, deadline);
    },
    async remove() {
      await engine.podman('rm', '--force', '--volumes', '--time', '0', containerId);
    },
  };
  try {
    await host.start();
  } catch (error) {
    await host.remove().catch(() => {});
    throw error;
  }
  return host;
}

function creation({ name, image, networks, number, mounts, keep }: HostPlan, keyFolder: string): string[] {
  return [
    ...['--name', `${networks[0].name}-${name}`, '--hostname', name],
    ...['--label', `io.sealer.lab.host-name=${name}`],
    ...(keep === undefined ? [] : ['--label', `io.sealer.lab.keep=${keep}`]),
    ...['--privileged', '--cgroupns=private', '--systemd=always', '--tmpfs', '/run', '--tmpfs', '/run/lock'],
    // containerd's overlay needs a plain file system. All of /var/lib is one, so that every folder in it can be removed,
    // as on a machine.
    ...['--mount', 'type=volume,dst=/var/lib,dev,suid'],
    ...['--volume', `${keyFolder}:/opt/lab/host:ro`],
    ...mounts.flatMap((mount) => ['--volume', mount]),
    ...networks.flatMap((network, i) => [
      '--network',
      // A network card of its own: with another one after each start, neighbours would look for it in the wrong place.
      `${network.name}:ip=${network.address(number)},mac=02:5e:a1:e2:0${i}:${hex(number)},interface_name=eth${i}`,
    ]),
    ...['--no-hosts', '--dns', 'none', '--env', `LAB_NAME=${name}`, '--env', `LAB_GATEWAY=${networks[0].gateway}`],
    image,
  ];
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}

async function untilUp(host: LabHost, deadline: number): Promise<void> {
  for (;;) {
    const { code, stdout, stderr } = await host.exec(['systemctl', 'is-system-running', '--wait'], {
      allowFailure: true,
    });
    if (code === 0) return;
    if (stdout.trim() === 'degraded') {
      const failed = await host.exec(['systemctl', '--failed', '--plain', '--no-legend']);
      throw new Error(`${host.name} came up with failed units:\n${failed.stdout}`);
    }
    if (Date.now() > deadline) throw new Error(`${host.name} does not come up: ${stdout}${stderr}`);
    // Before systemd listens it cannot be asked.
    await sleep(50);
  }
}

async function untilBanner(host: LabHost, deadline: number): Promise<void> {
  while (!(await hasBanner(host.address))) {
    if (Date.now() > deadline) throw new Error(`no sshd answers at ${host.address} (${host.name})`);
    await sleep(50);
  }
}

async function hasBanner(address: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 2000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (bytes) => end(bytes.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
