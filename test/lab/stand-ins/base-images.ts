/** Cluster images whose k3s or k0s is the lab's stand-in, or the real one where the environment names it. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { needsHosts } from '../hosts/index.ts';
import { LAB_KUBERNETES_BIN } from '../kubernetes/cluster-image.ts';

/** A base image in a store, and on it the lab's app, which answers at port 30080 of every node. */
export interface StandInImages {
  /** Folder for `SEALER_HOME`, for reading only: `copyOfStandInImages` makes one for a test. */
  readonly store: string;
  /** `lab-k3s:v1.20.2`. */
  readonly base: string;
  /** `lab-k3s-shop:v1.20.2`. */
  readonly shop: string;
}

/** Kubernetes' versions that there are stand-ins of; the real ones say `v1.20.2+k3s1` and `v1.20.2+k0s.0`. */
export const STAND_IN_VERSIONS = ['v1.20.2', 'v1.20.3'] as const;

/** What to give as a test's `skip`. */
export function needsStandIns(): string | false {
  const lacking = needsHosts();
  if (lacking !== false) return lacking;
  if (!existsSync('/usr/lib/go-1.19/bin/go')) return 'absent: Go 1.19 (test/lab/install-lab installs it)';
  if (existsSync(join(LAB_KUBERNETES_BIN, 'complete'))) return false;
  return 'absent: the lab’s Kubernetes (test/lab/install-lab builds it)';
}

/** The program that the environment names for a runtime: $SEALER_TEST_K3S, $SEALER_TEST_K0S; undefined: the stand-in. */
export function realProgram(runtime: 'k3s' | 'k0s'): string | undefined {
  const named = process.env[runtime === 'k3s' ? 'SEALER_TEST_K3S' : 'SEALER_TEST_K0S'] ?? '';
  return named === '' ? undefined : named;
}

/** What a test on hosts runs: the images of the stand-ins, or of the real program, of which there is one version. */
export interface StandInReleases {
  readonly from: string;
  /** Undefined: there is nothing to upgrade to. */
  readonly to: string | undefined;
  /** As the programs say them, of `from` and `to`. */
  readonly versions: readonly [string, string];
}

/** The images that `copyOfStandInImages` puts into a store. */
export function standInReleases(runtime: 'k3s' | 'k0s'): StandInReleases {
  const real = realProgram(runtime);
  if (real === undefined) {
    const [from, to] = STAND_IN_VERSIONS;
    const suffix = runtime === 'k3s' ? '+k3s1' : '+k0s.0';
    return {
      from: `lab-${runtime}-shop:${from}`,
      to: `lab-${runtime}-shop:${to}`,
      versions: [`${from}${suffix}`, `${to}${suffix}`],
    };
  }
  const said = execFileSync(real, [runtime === 'k3s' ? '--version' : 'version'], { encoding: 'utf8' });
  const version = /v1\.[0-9.]*\+[a-z0-9.]*/.exec(said)?.[0];
  if (version === undefined) throw new Error(`${real} does not say its version: ${said}`);
  const from = `lab-${runtime}-shop:${version.replace(/\+.*/, '')}`;
  return { from, to: undefined, versions: [version, version] };
}

/**
 * Builds the images with our own `sealer build`, unless they are there.
 * @param version of Kubernetes: one of STAND_IN_VERSIONS, or that of the real program
 */
export async function standInBaseImage(runtime: 'k3s' | 'k0s', version: string): Promise<StandInImages> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'build-images'), [runtime], {
    env: { ...process.env, NODE: process.execPath },
    maxBuffer: 64 << 20,
  });
  return { store: stdout.trim(), base: `lab-${runtime}:${version}`, shop: `lab-${runtime}-shop:${version}` };
}

/** Makes a store of a test's own with all images of a runtime at a path where nothing is: links, where they can be made. */
export async function copyOfStandInImages(runtime: 'k3s' | 'k0s', path: string): Promise<void> {
  const { store } = await standInBaseImage(runtime, STAND_IN_VERSIONS[0]);
  // Blobs are never written to, and all else is replaced by renaming.
  const run = promisify(execFile);
  await run('cp', ['-al', '--', store, path]).catch(() => run('cp', ['-a', '--', store, path]));
}

/** Builds a stand-in, unless it is there, and gives its path. @param version as it is to say: `v1.20.2+k3s1` */
export async function standInProgram(runtime: 'k3s' | 'k0s', version: string): Promise<string> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'build'), [runtime, version]);
  return stdout.trim();
}
