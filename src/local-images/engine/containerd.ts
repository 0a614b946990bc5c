/** Images of containerd, by its own client `ctr`: the API is gRPC, and the images are exported as they are anyway. */

import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { SealerError } from '../../error.ts';
import { isDigest } from '../../oci/digest.ts';
import { formatPlatform, parsePlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { captureCommand } from '../../process/capture.ts';
import { findExecutable } from '../../process/find-executable.ts';
import type { EngineImage, EngineSource } from './engine.ts';
import { checkPlatform, type Export, importFromEngine } from './import-image.ts';

const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_STDERR = 16 * 1024;

/** The containerd of this machine. */
export function containerdSource(store: Store, env: NodeJS.ProcessEnv): EngineSource {
  const address = env.CONTAINERD_ADDRESS;
  const flags = [
    ...(address === undefined || address === '' ? [] : ['--address', address]),
    '--namespace',
    env.CONTAINERD_NAMESPACE || 'k8s.io',
  ];
  const environment = { PATH: env.PATH ?? '', HOME: env.HOME ?? tmpdir() };

  async function command(args: readonly string[]): Promise<[string, ...string[]]> {
    const ctr = await findExecutable('ctr', env.PATH);
    if (ctr !== undefined) return [ctr, ...flags, 'images', ...args];
    throw new SealerError('ENGINE_NOT_FOUND', 'Images of containerd are read by its client ctr, which is not on PATH', {
      hint: 'Install it (it comes with containerd), or save the images into archives.',
    });
  }

  return {
    kind: 'containerd',
    async find(reference, signal): Promise<EngineImage | undefined> {
      const name = formatReference(reference);
      const argv = await command(['ls', `name==${name}`]);
      const { code, stdout, stderr } = await captureCommand({
        argv,
        cwd: '/',
        env: environment,
        limit: MAX_LIST_BYTES,
        ...(signal === undefined ? {} : { signal }),
      });
      if (code !== 0) throw absent(stderr);
      return parseList(stdout.toString('utf8'), name);
    },
    async import(image, reference, platform, options = {}) {
      checkPlatform('containerd', image, reference, platform);
      return await importFromEngine(store, { kind: 'containerd', image, reference, platform }, options, async () => {
        const argv = await command(['export', '--platform', formatPlatform(platform), '-', image.name]);
        return startExport(argv, environment, options.signal);
      });
    },
  };
}

/** `REF TYPE DIGEST SIZE PLATFORMS LABELS`, the size with a blank in it. */
function parseList(text: string, name: string): EngineImage | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  const digest = line?.split(/\s+/).find(isDigest);
  if (line === undefined || digest === undefined) return undefined;
  const platforms = line.split(/\s+/).find((word) => /^[a-z0-9]+\/[a-z0-9]+(?:[/,][a-z0-9/,]+)?$/.test(word));
  return {
    name,
    id: digest,
    digest,
    ...(platforms === undefined ? {} : { platforms: platforms.split(',').map(parsePlatform) }),
  };
}

function startExport(
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Export {
  const child = spawn(program, args, { cwd: '/', env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    said = (said + text).slice(0, MAX_STDERR);
  });
  const abort = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  // Who stops reading wants no more of it.
  child.stdout.on('close', () => void (child.stdout.readableEnded ? undefined : child.kill('SIGKILL')));
  const done = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killed) => {
      signal?.removeEventListener('abort', abort);
      if (code === 0 || killed === 'SIGKILL') resolve();
      else reject(new SealerError('ENGINE_ERROR', `ctr cannot export the image: ${said.trim().slice(-500)}`));
    });
  });
  return { stream: child.stdout, done };
}

function absent(stderr: string): SealerError {
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return new SealerError('ENGINE_NOT_FOUND', `containerd does not answer: ${said}`, {
    hint: 'Start it, or say where it is by CONTAINERD_ADDRESS (k3s has /run/k3s/containerd/containerd.sock).',
  });
}
