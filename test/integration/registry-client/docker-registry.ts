/** Debian's docker-registry (distribution 2.8), started for a test, with what a registry can want: passwords, TLS. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

export const run = promisify(execFile);

export interface DockerRegistry {
  readonly address: string;
  /** PEM of the CA, with TLS. */
  readonly ca: string | undefined;
  readonly folder: string;
}

/** Where a tool is, or `false`, for `skip`. */
export function find(tool: string): string | false {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return join(folder, tool);
    } catch {
      // The next one.
    }
  }
  return false;
}

/** The reason to skip a test that needs these tools, or `false`. */
export function without(...tools: string[]): string | false {
  const absent = tools.filter((tool) => find(tool) === false);
  return absent.length === 0 ? false : `needs ${absent.join(', ')}`;
}

export async function startDockerRegistry(
  t: TestContext,
  options: { user?: string; password?: string; tls?: boolean } = {},
): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-docker-registry-'));
  const port = await freePort();
  const lines = [
    'version: 0.1',
    'log: {level: error, accesslog: {disabled: true}}',
    `storage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}`,
    'http:',
    `  addr: 127.0.0.1:${port}`,
  ];
  let ca: string | undefined;
  if (options.tls === true) {
    await makeCertificates(folder);
    ca = await readFile(join(folder, 'ca.crt'), 'utf8');
    lines.push(`  tls: {certificate: ${folder}/server.crt, key: ${folder}/server.key}`);
  }
  if (options.user !== undefined) {
    const { stdout } = await run('htpasswd', ['-Bbn', options.user, options.password ?? '']);
    await writeFile(join(folder, 'htpasswd'), stdout);
    lines.push(`auth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}`);
  }
  await writeFile(join(folder, 'config.yml'), `${lines.join('\n')}\n`);
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  t.after(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  await listening(child, port);
  return { address: `127.0.0.1:${port}`, ca, folder };
}

async function makeCertificates(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch'];
  await writeFile(at('ext'), 'subjectAltName=IP:127.0.0.1\n');
  await run('openssl', ['req', '-x509', ...key, '-subj', '/CN=test CA', '-keyout', at('ca.key'), '-out', at('ca.crt')]);
  await run('openssl', [
    'req',
    ...key,
    '-subj',
    '/CN=127.0.0.1',
    '-keyout',
    at('server.key'),
    '-out',
    at('server.csr'),
  ]);
  const signing = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('ext')];
  await run('openssl', ['x509', '-req', '-in', at('server.csr'), ...signing, '-out', at('server.crt')]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Knocks until somebody opens. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
