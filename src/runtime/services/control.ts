/** Starting, stopping and asking services, by systemd or OpenRC. */

import type { Host, Output } from '../../hosts/host.ts';
import { initOf } from './files.ts';
import { openrcLog } from './openrc-script.ts';

export interface ControlOptions {
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. Default: two minutes. */
  readonly timeoutMs?: number | undefined;
}

export interface StartOptions extends ControlOptions {
  /** Returns as soon as the start is under way: for services that are ready only when others are. Default: false. */
  readonly isDetached?: boolean | undefined;
}

/** `starting`: under way, waiting to be restarted, or not ready yet (`notify`). */
export type ServiceState = 'active' | 'starting' | 'failed' | 'inactive';

const TIMEOUT_MS = 2 * 60_000;

/** Starts a service; nothing happens if it runs. @throws SealerError COMMAND_FAILED, and what hosts throw */
export async function startService(host: Host, name: string, options: StartOptions = {}): Promise<void> {
  await control(host, 'start', name, options);
}

/** Stops a service and starts it again, or only starts it. @throws SealerError COMMAND_FAILED, and what hosts throw */
export async function restartService(host: Host, name: string, options: StartOptions = {}): Promise<void> {
  await control(host, 'restart', name, options);
}

/** Stops a service; nothing happens if it does not run or is not there. */
export async function stopService(host: Host, name: string, options: ControlOptions = {}): Promise<void> {
  const program =
    (await initOf(host)) === 'systemd'
      ? // 5: there is no such unit. A unit that had failed is forgotten.
        'systemctl stop "$1.service" || test $? = 5; systemctl reset-failed "$1.service" 2>/dev/null; exit 0'
      : 'test ! -e "/etc/init.d/$1" || rc-service -q "$1" stop || ! rc-service -q "$1" status';
  await shell(host, program, [name], options);
}

/** Whether a service runs, and is ready if it says when it is. */
export async function isActive(host: Host, name: string, options: ControlOptions = {}): Promise<boolean> {
  return (await serviceState(host, name, options)) === 'active';
}

/** How a service is; `inactive` also where there is none. */
export async function serviceState(host: Host, name: string, options: ControlOptions = {}): Promise<ServiceState> {
  if ((await initOf(host)) === 'systemd') {
    const argv = ['systemctl', 'is-active', `${name}.service`] as const;
    const { stdout } = await host.exec({ argv, allowFailure: true, timeoutMs: TIMEOUT_MS, ...options });
    return SYSTEMD_STATES[stdout.trim()] ?? 'inactive';
  }
  const { code } = await host.exec({
    argv: ['rc-service', '-q', name, 'status'],
    allowFailure: true,
    timeoutMs: TIMEOUT_MS,
    ...options,
  });
  return code === undefined ? 'inactive' : (OPENRC_STATES[code] ?? 'inactive');
}

/** The last lines that a service wrote: for errors that have to say why it does not run. */
export async function serviceLog(
  host: Host,
  name: string,
  lines: number,
  options: ControlOptions = {},
): Promise<string> {
  const argv: readonly [string, ...string[]] =
    (await initOf(host)) === 'systemd'
      ? ['journalctl', '--no-pager', '--output=cat', `--unit=${name}.service`, `--lines=${lines}`]
      : ['tail', '-n', `${lines}`, openrcLog(name)];
  const { stdout } = await host.exec({ argv, allowFailure: true, timeoutMs: TIMEOUT_MS, ...options });
  return stdout.trimEnd();
}

/** Lets the init system read changed units; OpenRC reads its scripts anew each time. */
export async function reloadServices(host: Host, options: ControlOptions = {}): Promise<void> {
  if ((await initOf(host)) === 'systemd') {
    await host.exec({ argv: ['systemctl', 'daemon-reload'], timeoutMs: TIMEOUT_MS, ...options });
  }
}

/** `systemctl is-active` prints ActiveState. */
const SYSTEMD_STATES: Readonly<Record<string, ServiceState>> = {
  active: 'active',
  reloading: 'active',
  activating: 'starting',
  failed: 'failed',
};

/** Exit codes of `rc-service NAME status` (openrc: src/openrc-run, _status). */
const OPENRC_STATES: Readonly<Record<number, ServiceState>> = { 0: 'active', 8: 'starting', 32: 'failed' };

async function control(
  host: Host,
  verb: 'start' | 'restart',
  name: string,
  { isDetached = false, ...options }: StartOptions,
): Promise<void> {
  if ((await initOf(host)) === 'systemd') {
    const block = isDetached ? ['--no-block'] : [];
    await host.exec({ argv: ['systemctl', ...block, verb, `${name}.service`], timeoutMs: TIMEOUT_MS, ...options });
    return;
  }
  await host.exec({ argv: ['rc-service', '-q', name, verb], timeoutMs: TIMEOUT_MS, ...options });
}

function shell(host: Host, program: string, values: readonly string[], options: ControlOptions): Promise<Output> {
  return host.exec({ argv: ['sh', '-c', program, 'sealer', ...values], timeoutMs: TIMEOUT_MS, ...options });
}
