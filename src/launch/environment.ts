/** The environment of launch commands: a clean one, with folders of its own for what programs keep. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where programs are when nobody says more. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentOptions {
  readonly rootfs: string;
  /** A folder that goes away with the launch. */
  readonly private_: string;
  readonly kubeconfig: string;
  /** Folders with programs, as PATH has them; they come behind `bin/` of the rootfs. */
  readonly path: string;
}

/**
 * The environment of one command. Nothing of ours gets in (proxies, credentials); and what a command is to find where we
 * want it, the image cannot move.
 * @param declared what the image and the app declare
 */
export function launchEnvironment(
  declared: Readonly<Record<string, string>>,
  { rootfs, private_, kubeconfig, path }: EnvironmentOptions,
): Record<string, string> {
  const folders = [join(rootfs, 'bin'), path, declared.PATH].filter((part) => part !== undefined && part !== '');
  return {
    LANG: 'C.UTF-8',
    ...declared,
    PATH: folders.join(':'),
    HOME: join(private_, 'home'),
    TMPDIR: join(private_, 'tmp'),
    KUBECONFIG: kubeconfig,
  };
}

/** Makes the folders that the environment names. */
export async function makePrivateFolders(private_: string): Promise<void> {
  await mkdir(join(private_, 'home'), { recursive: true, mode: 0o700 });
  await mkdir(join(private_, 'tmp'), { recursive: true, mode: 0o700 });
}
