/** Container images that lie in the rootfs: a host can start its first pods before any registry answers. */

import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import type { RuntimeContext } from '../../runtime.ts';
import { COMMAND_ENV, CTR } from '../places.ts';

/** Lines `archive image`: what each archive of a rootfs brought. */
const BOOK = 'preloaded';

const LIST = 'for path in "$1"/images/*.tar; do test ! -f "$path" || echo "$path"; done';

/** Imports images/*.tar, those archives whose images are not all there. @throws SealerError IMAGE_UNFIT */
export async function preloadImages(
  host: Host,
  { home, signal }: Pick<RuntimeContext, 'home' | 'signal'>,
  rootfs: string,
): Promise<void> {
  const archives = linesOf((await host.exec({ argv: ['sh', '-c', LIST, 'sealer', rootfs], signal })).stdout);
  if (archives.length === 0) return;
  const there = new Set(linesOf((await ctr(host, ['images', 'list', '--quiet'], signal)).stdout));
  const book = linesOf((await host.readText(`${home}/${BOOK}`, { signal })) ?? '').map((line) => line.split(' '));
  const known = new Map<string, string[]>();
  for (const [archive = '', name = ''] of book) known.set(archive, [...(known.get(archive) ?? []), name]);
  const missing = archives.filter((path) => !(known.get(path)?.every((name) => there.has(name)) ?? false));
  for (const path of missing) {
    const { stdout, stderr, code } = await ctr(host, ['images', 'import', '--all-platforms=false', path], signal, true);
    if (code !== 0) {
      throw new SealerError(
        'IMAGE_UNFIT',
        `${path} cannot be imported on ${host.label}: ${stderr.trim().slice(-500)}`,
        {
          hint: 'The archives below images/ of the rootfs have to be for the platform of the host (docker save, or an OCI archive).',
        },
      );
    }
    known.set(path, namesIn(stdout));
  }
  if (missing.length === 0) return;
  const lines = archives.flatMap((path) => (known.get(path) ?? []).map((name) => `${path} ${name}\n`));
  await host.write(`${home}/${BOOK}`, lines.join(''), { mode: 0o600, signal });
}

/** `unpacking registry.k8s.io/pause:3.9 (sha256:…)...done` up to containerd 1.7, `registry.k8s.io/pause:3.9  saved` with 2.x. */
function namesIn(output: string): string[] {
  const names = linesOf(output).map(
    (line) => /^unpacking (\S+)/.exec(line)?.[1] ?? /^(\S+[:@]\S+)\s+saved/.exec(line)?.[1],
  );
  return names.filter((name) => name !== undefined);
}

function ctr(
  host: Host,
  words: readonly string[],
  signal: AbortSignal,
  allowFailure = false,
): ReturnType<Host['exec']> {
  return host.exec({ argv: [CTR, '--namespace', 'k8s.io', ...words], env: COMMAND_ENV, signal, allowFailure });
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
