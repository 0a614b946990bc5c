/** Short ways to read a Clusterfile in a test. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Clusterfile, type ParseOptions, parseClusterfile } from '../../../src/clusterfile/index.ts';

/** The variables that the fixtures take. */
export const ENV = {
  DB_PASSWORD: 'db-secret-1',
  ADMIN_PASSWORD: 'admin-secret-2',
  SUDO_PASSWORD: 'sudo-secret-3',
  SSH_PASSWORD: 'ssh-secret-4',
  REGISTRY_PASSWORD: 'registry-secret-5',
  K3S_TOKEN: 'k3s-secret-6',
};

export function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/clusterfiles/${name}.yaml`, import.meta.url), 'utf8');
}

/** A Clusterfile without errors and warnings. */
export function parse(text: string, options: Partial<ParseOptions> = {}): Clusterfile {
  const { clusterfile, problems } = parseClusterfile(text, 'Clusterfile', { env: ENV, ...options });
  assert.deepEqual(problems, []);
  assert.ok(clusterfile);
  return clusterfile;
}

/** A Cluster with these lines below `spec`. */
export function cluster(spec: string): string {
  const lines = spec.split('\n').map((line) => `  ${line}`);
  return `apiVersion: sealer.cloud/v2\nkind: Cluster\nspec:\n  image: shop:v1\n${lines.join('\n')}\n`;
}

/** Problems as `line:column severity CODE message`, without the severity where it is an error. */
export function problems(text: string, options: Partial<ParseOptions> = {}): readonly string[] {
  return parseClusterfile(text, 'Clusterfile', { env: ENV, ...options }).problems.map(
    ({ at, severity, code, message }) =>
      `${at?.line}:${at?.column} ${severity === 'error' ? '' : `${severity} `}${code} ${message}`,
  );
}

export function hints(text: string): readonly (string | undefined)[] {
  return parseClusterfile(text, 'Clusterfile', { env: ENV }).problems.map(({ hint }) => hint);
}

/** Processor time of this process so far: other than the clock, it is the same on a busy machine. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
