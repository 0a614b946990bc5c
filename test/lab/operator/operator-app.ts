/** An app with an operator, in a registry: what recording has to find and a search through files cannot. */

import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../scratch.ts';
import { needs, runTool } from '../tools.ts';
import { operatorManifests } from './manifests.ts';

/** A reason for a test's `skip`, or false. */
export const OPERATOR_NEEDS = needs('crane', 'tar');

export interface OperatorApp {
  /** Complete references. The worker stands in no file and in no program as such; the operator makes the name up. */
  readonly images: { readonly operator: string; readonly web: string; readonly worker: string };
  /** Digest of each image's manifest, by reference. */
  readonly digests: ReadonlyMap<string, string>;
  /** Files by path in the context. */
  readonly manifests: Readonly<Record<string, string>>;
  /** What launches it with the context's own files and nothing else. */
  readonly kubefile: string;
}

/** How each image's program is called. */
const ROLES = { operator: 'operate', web: 'serve', worker: 'work' } as const;

/**
 * Builds the app's images and pushes them to a registry of plain http.
 * @param registry `host:port`, as the images' names have it
 */
export async function operatorApp(registry: string): Promise<OperatorApp> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'build'));
  const digests = new Map<string, string>();
  const push = async (name: keyof typeof ROLES) => {
    const reference = `${registry}/lab/${name}:1`;
    digests.set(reference, await pushProgram(reference, stdout.trim(), name));
    return reference;
  };
  const images = { operator: await push('operator'), web: await push('web'), worker: await push('worker') };
  return {
    images,
    digests,
    manifests: operatorManifests(images),
    kubefile: 'FROM scratch\nAPP lab manifests\nLAUNCH ["lab"]\n',
  };
}

/** The program is one layer that all three share; the second one is the image's own. */
async function pushProgram(reference: string, program: string, name: keyof typeof ROLES): Promise<string> {
  await using folder = await temporaryFolder('operator');
  const layers: string[] = [];
  const layer = async (label: string, fill: (root: string) => void) => {
    const root = join(folder.path, label);
    mkdirSync(root);
    fill(root);
    const file = `${root}.tar.gz`;
    await runTool('tar', [
      '-C',
      root,
      '-I',
      'gzip -1n',
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--mtime=@0',
      '-cf',
      file,
      '.',
    ]);
    layers.push('-f', file);
  };
  await layer('program', (root) => copyFileSync(program, join(root, 'app')));
  await layer('role', (root) => writeFileSync(join(root, 'role'), `${name}\n`));
  await runTool('crane', ['append', '--insecure', '--oci-empty-base', ...layers, '-t', reference]);
  const config = ['--set-platform', 'linux/amd64', '--entrypoint', '/app', '--cmd', ROLES[name], '--user', '65532'];
  await runTool('crane', ['mutate', '--insecure', ...config, '-t', reference, reference]);
  return (await runTool('crane', ['digest', '--insecure', reference])).trim();
}
