/** Debian's docker-registry (CNCF distribution 2.8), started for a test on a port that the kernel gives it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { dump } from 'js-yaml';
import { temporaryFolder } from './scratch.ts';
import { findTool } from './tools.ts';

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** The folder that holds `docker/registry/v2`. */
  readonly root: string;
  readonly pid: number;
}

export interface DockerRegistryOptions {
  /** Serve this folder instead of an empty one of its own; it is not removed. */
  readonly root?: string;
  readonly readOnly?: boolean;
  /** An htpasswd file (bcrypt). */
  readonly htpasswd?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Starts the registry and waits until it listens. Disposing ends it. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const path = findTool('docker-registry');
  if (path === undefined) throw new Error('docker-registry is not installed');
  const folder = await temporaryFolder('docker-registry');
  const root = options.root ?? join(folder.path, 'data');
  const configFile = join(folder.path, 'config.yml');
  await writeFile(configFile, dump(configOf(root, options)));
  const child = spawn(path, ['serve', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await folder[Symbol.asyncDispose]();
  };
  try {
    const address = await addressOf(child.stderr);
    return { address, root, pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configOf(root: string, { readOnly, htpasswd, tls }: DockerRegistryOptions): object {
  return {
    version: 0.1,
    // Where it listens it says on this level.
    log: { level: 'info', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: root },
      delete: { enabled: true },
      maintenance: { readonly: { enabled: readOnly === true } },
    },
    http: {
      addr: '127.0.0.1:0',
      ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
    },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
  };
}

/** Where it says that it listens. What it says later is read and dropped. */
async function addressOf(stderr: Readable): Promise<string> {
  let said = '';
  return await new Promise((resolve, reject) => {
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4096);
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    stderr.once('end', () => reject(new Error(`docker-registry does not start:\n${said}`)));
  });
}
