/** A container engine that runs privileged containers: a podman with storage, networks and settings of the lab's own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool, works } from './tools.ts';

/** What an engine of the lab is made of; `test/lab/install-lab` installs it. */
export const ENGINE_TOOLS = ['podman', 'runc', 'conmon', 'iptables', 'flock'] as const;

// Its folder is on nobody's PATH.
const NETAVARK = ['/usr/lib/podman/netavark', '/usr/libexec/podman/netavark'];

const HERE = join(import.meta.dirname, 'engine');

/** A running engine. Disposing ends its service, and what it ran with the last one. */
export interface LabEngine extends AsyncDisposable {
  readonly skip: false;
  /** For whatever speaks Docker's API. */
  readonly env: { readonly DOCKER_HOST: string; readonly TESTCONTAINERS_RYUK_DISABLED: 'true' };
  /** The process of the service; it is no child of any container. */
  readonly pid: number;
  /** Runs podman's own command line on the same storage and gives its standard output. */
  podman(...args: readonly string[]): Promise<string>;
}

/** The same shape when there can be none: a reason for a test's `skip`, and nothing to dispose. */
export interface NoEngine extends AsyncDisposable {
  readonly skip: string;
}

/**
 * Starts an engine on a socket of its own. Several test processes may do so at once: they share images, and each sees
 * the containers of the others. Whatever happens to the process, the service ends with it.
 */
export async function labEngine(): Promise<LabEngine | NoEngine> {
  const lacking = whatEngineLacks();
  if (lacking !== undefined) return { skip: lacking, [Symbol.asyncDispose]: async () => {} };
  // Not the test's own folder: a socket's path has to be short.
  const folder = await mkdtemp(join(tmpdir(), 'sealer-engine-'));
  const socket = join(folder, 'api.sock');
  // A session of its own keeps Ctrl-C away from it: it has to outlive us by the time it takes to clear away.
  const service = spawn(join(HERE, 'serve'), [socket], { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  const stop = async () => {
    service.ref();
    service.stdin.end();
    if (service.exitCode === null && service.signalCode === null) await once(service, 'exit');
  };
  try {
    await untilAnswers(socket, service);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    skip: false,
    env: { DOCKER_HOST: `unix://${socket}`, TESTCONTAINERS_RYUK_DISABLED: 'true' },
    pid: service.pid ?? 0,
    podman: labPodman,
    [Symbol.asyncDispose]: stop,
  };
}

/** Why there can be no engine here, or undefined. */
export function whatEngineLacks(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'the engine of the lab needs root on Linux';
  const absent: string[] = ENGINE_TOOLS.filter((tool) => findTool(tool) === undefined);
  if (!NETAVARK.some((path) => existsSync(path))) absent.push('netavark');
  if (absent.length > 0) return `absent: ${absent.join(', ')} (test/lab/install-lab installs it)`;
  // What a privileged container needs first of all; an unprivileged container around us has none of it.
  if (!works('unshare', '--mount', '--net', 'mount', '-t', 'tmpfs', 'none', '/mnt')) {
    return 'the engine of the lab needs the right to mount and to make network namespaces';
  }
  return undefined;
}

async function labPodman(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(HERE, 'podman'), args, { maxBuffer: 64 << 20 });
  return stdout;
}

/** Waits for the socket's answer; a sweep of what others have left comes before it. */
async function untilAnswers(socket: string, service: ChildProcess): Promise<void> {
  let said = '';
  service.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  const deadline = Date.now() + 180_000;
  while (!(await answers(socket))) {
    if (service.exitCode !== null || Date.now() > deadline)
      throw new Error(`podman's service does not answer:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // From here on it must not keep the test process alive by itself.
  service.unref();
  if (service.stderr !== null && 'unref' in service.stderr) (service.stderr.unref as () => void)();
}

async function answers(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    request({ socketPath, path: '/_ping', timeout: 5000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    })
      .on('timeout', function (this: ReturnType<typeof request>) {
        this.destroy();
      })
      .on('error', () => resolve(false))
      .end();
  });
}
