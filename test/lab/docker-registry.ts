/** Debian's docker-registry (CNCF distribution 2.8), started for a test on a free port. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
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

/** Starts the registry and waits until it answers. Disposing ends it. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const path = findTool('docker-registry');
  if (path === undefined) throw new Error('docker-registry is not installed');
  const folder = await temporaryFolder('docker-registry');
  const root = options.root ?? join(folder.path, 'data');
  const address = `127.0.0.1:${await freePort()}`;
  const configFile = join(folder.path, 'config.yml');
  await writeFile(configFile, dump(configOf(root, address, options)));
  const child = spawn(path, ['serve', configFile], { stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await folder[Symbol.asyncDispose]();
  };
  try {
    await untilAnswers(
      `${options.tls === undefined ? 'http' : 'https'}://${address}/v2/`,
      () => child.exitCode !== null,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, root, pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
}

function configOf(root: string, address: string, { readOnly, htpasswd, tls }: DockerRegistryOptions): object {
  return {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: root },
      delete: { enabled: true },
      maintenance: { readonly: { enabled: readOnly === true } },
    },
    http: {
      addr: address,
      ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
    },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
  };
}

async function untilAnswers(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!hasEnded() && Date.now() < deadline) {
    const answered = await fetch(url).then(
      (response) => response.body?.cancel().then(() => true),
      // A certificate that fetch does not trust is an answer too.
      (error: unknown) => error instanceof Error && /certificate/.test(String(error.cause)),
    );
    if (answered === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`docker-registry does not answer at ${url}`);
}

/** A TCP port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
