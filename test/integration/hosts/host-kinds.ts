/** Every kind of host that the contract is tested on. */

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EngineClient } from '../../../src/container-engine/client.ts';
import { connectionTo } from '../../../src/container-engine/endpoint.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { connectSsh, containerHost, loadHostKeys, localHost } from '../../../src/hosts/index.ts';
import { labEngine, whatEngineLacks } from '../../lab/engine.ts';
import { findTool, needs } from '../../lab/tools.ts';
import { noSshd, startSshd } from './sshd.ts';

export interface RunningHost extends AsyncDisposable {
  readonly host: Host;
  /** By what address the host reaches this process. */
  readonly here: string;
}

export interface HostKind {
  readonly name: string;
  readonly skip: string | false;
  start(): Promise<RunningHost>;
}

const noRoot = process.getuid?.() === 0 ? false : 'commands as root need root';

export const HOST_KINDS: readonly HostKind[] = [
  {
    name: 'this machine',
    skip: noRoot,
    start: async () => {
      const host = localHost({ env: process.env });
      return { host, here: '127.0.0.1', [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
    },
  },
  { name: 'over SSH', skip: noSshd, start: () => startSshHost() },
  {
    name: 'over SSH to a server that forwards nothing',
    skip: noSshd,
    start: () => startSshHost('AllowTcpForwarding no'),
  },
  { name: 'a container', skip: whatEngineLacks() ?? needs('busybox'), start: startContainerHost },
];

async function startSshHost(...settings: readonly string[]): Promise<RunningHost> {
  const sshd = await startSshd(...settings);
  const hostKeys = await loadHostKeys({ files: [sshd.knownHosts], env: {} });
  const host = await connectSsh({ address: '127.0.0.1', ssh: sshd.ssh }, { hostKeys, env: {} });
  return {
    host,
    here: '127.0.0.1',
    [Symbol.asyncDispose]: async () => {
      await host[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

/** A container of nothing but busybox, which is the poorest host that there is. */
async function startContainerHost(): Promise<RunningHost> {
  const engine = await labEngine();
  if (engine.skip !== false) throw new Error(engine.skip);
  const folder = await mkdtemp(join(tmpdir(), 'sealer-container-'));
  const name = `sealer-hosts-${randomBytes(6).toString('hex')}`;
  try {
    const image = await importBusybox(engine.podman, folder, name);
    const id = await engine.podman('run', '-d', '--name', name, '--privileged', '--init=false', image, 'sleep', '3600');
    const connection = connectionTo(engine.env.DOCKER_HOST);
    if (typeof connection === 'string') throw new Error(connection);
    const client = new EngineClient(connection);
    const host = containerHost({ client, containerId: id.trim(), address: '10.0.0.9', name });
    return {
      host,
      here: ownAddress(),
      [Symbol.asyncDispose]: async () => {
        await host[Symbol.asyncDispose]();
        await engine.podman('rm', '-f', '-t', '0', name);
        await engine.podman('rmi', '-f', image);
        await engine[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function importBusybox(
  podman: (...args: readonly string[]) => Promise<string>,
  folder: string,
  name: string,
): Promise<string> {
  const run = promisify(execFile);
  const root = join(folder, 'root');
  for (const each of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'run', 'root']) {
    await mkdir(join(root, each), { recursive: true });
  }
  const busybox = join(root, 'bin/busybox');
  await cp(findTool('busybox') ?? '', busybox);
  await chmod(busybox, 0o755);
  const { stdout } = await run(busybox, ['--list']);
  for (const applet of stdout
    .trim()
    .split('\n')
    .filter((each) => each !== 'busybox')) {
    await symlink('busybox', join(root, 'bin', applet));
  }
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(root, 'etc/os-release'), 'ID=busybox\nVERSION_ID="1"\n');
  const archive = join(folder, 'root.tar');
  await run('tar', ['-C', root, '-cf', archive, '.']);
  const image = `localhost/${name}:test`;
  await podman('import', archive, image);
  return image;
}

/** An address of this machine that containers reach. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
