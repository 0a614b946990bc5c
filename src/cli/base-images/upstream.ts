/** Upstream as the command line reaches it: the network, a registry client, and programs that it runs. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Upstream } from '../../base-images/index.ts';
import { SealerError } from '../../error.ts';
import { captureCommand } from '../../process/capture.ts';
import type { RegistryClient } from '../../registry/client/index.ts';
import type { CliContext } from '../context.ts';
import { mirroredReference, type ReadMirrors } from './mirrors.ts';

const MAX_OUTPUT = 1024 * 1024;
const MAX_RUN_MS = 60_000;

/** Joins what it takes. */
export function openUpstream(
  { env, signal }: Pick<CliContext, 'env' | 'signal'>,
  client: RegistryClient,
  { files, registries }: ReadMirrors,
): Upstream {
  // On a GitHub Enterprise server, the token is that server's: api.github.com does not know it, and is not to be told it.
  const isGithubCom = (env.GITHUB_SERVER_URL || 'https://github.com') === 'https://github.com';
  const token = isGithubCom ? (env.GITHUB_TOKEN ?? env.GH_TOKEN ?? '') : '';
  return {
    fetch,
    mirrors: files,
    githubToken: token === '' ? undefined : token,
    registry: {
      resolve: (reference, either) => client.resolve(mirroredReference(reference, registries), either),
      tags: (place, either) => client.tags(mirroredReference(place, registries), either),
    },
    run: (program, args) => runOnce(program, args, signal),
    signal,
  };
}

/** Runs a program that is there for this one run, with nothing of our environment. */
async function runOnce(program: Uint8Array, args: readonly string[], signal: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-upstream-'));
  try {
    const file = join(folder, 'program');
    await writeFile(file, program, { mode: 0o700 });
    const end = await captureCommand({
      argv: [file, ...args],
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: folder },
      limit: MAX_OUTPUT,
      signal: AbortSignal.any([signal, AbortSignal.timeout(MAX_RUN_MS)]),
    });
    if (end.code === 0) return end.stdout.toString();
    throw new Error(`it ends with ${end.code ?? 'a signal'}: ${end.stderr.trim().slice(-500)}`);
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SealerError(
      'UPSTREAM_CHANGED',
      `A program of upstream (${args.slice(0, 3).join(' ')}) cannot be run: ${why}`,
      {
        cause,
        hint: 'Run this on Linux, on amd64 or arm64.',
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
