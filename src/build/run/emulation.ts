/** Whether this machine runs programs of another platform: what the kernel's binfmt_misc says. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { matchesPlatform, type Platform } from '../../oci/platform.ts';

const BINFMT = '/proc/sys/fs/binfmt_misc';

/** QEMU's names of architectures, by Go's. */
const QEMU: Record<string, string> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i386',
  mips64le: 'mips64el',
  loong64: 'loongarch64',
};

/** Whether a platform's programs run as they are; variants of an architecture are not told apart. */
export function isNative(platform: Platform, host: Platform): boolean {
  return matchesPlatform(
    { os: platform.os, architecture: platform.architecture },
    { os: host.os, architecture: host.architecture },
  );
}

/** Whether an emulator is registered and enabled. */
export async function isEmulated({ architecture }: Platform, binfmt: string = BINFMT): Promise<boolean> {
  try {
    const entry = await readFile(join(binfmt, `qemu-${QEMU[architecture] ?? architecture}`), 'utf8');
    return entry.startsWith('enabled');
  } catch {
    return false;
  }
}
