/** What the parts of the benchmark share: a folder, a registry, and the rows of the table. */

import { cliCommand } from '../lab/cli.ts';
import { pushContainerImage } from '../lab/container-image.ts';
import type { DockerRegistry } from '../lab/docker-registry.ts';
import { noise } from '../lab/scratch.ts';
import { type CommandLine, type Measurement, measure, median, type Row } from './measure.ts';

export interface BenchSession {
  readonly folder: string;
  readonly registry: DockerRegistry;
  readonly rows: Row[];
  /** Highest memory of each process, in MiB. */
  readonly peaks: number[];
}

/** How often each command runs, after one uncounted round. */
export const ROUNDS = 5;

/** A line that runs the bundle with a store of its own. */
export function sealerLine(home: string, args: readonly string[]): CommandLine {
  return { argv: [...cliCommand(true), ...args], env: { ...process.env, SEALER_HOME: home } };
}

/** Measures a command several times and gives the middle one. */
export async function repeat({ peaks }: BenchSession, line: CommandLine): Promise<Measurement> {
  const runs: Measurement[] = [];
  for (let i = 0; i < ROUNDS; i++) runs.push(await measure(line));
  const middle = median(runs);
  peaks.push(middle.peak);
  return middle;
}

/** A row for two commands that did the same. */
export function against(what: string, peer: string, both: { a: Measurement; b: Measurement; ratio: number }): Row {
  return {
    what,
    ours: seconds(both.a),
    peer: `${peer} ${seconds(both.b)}`,
    ratio: `${both.ratio.toFixed(2)}×`,
    target: '≤ 1.0×',
    met: both.ratio <= 1.0,
  };
}

/** Pushes an image of noise: `size` MB in each of its layers. */
export async function pushImage(
  { registry }: BenchSession,
  name: string,
  tag: string,
  size: number,
  { layers = 1, group = 'shop' }: { readonly layers?: number; readonly group?: string } = {},
): Promise<void> {
  await pushContainerImage(`${registry.address}/${group}/${name}:${tag}`, {
    layers: Array.from({ length: layers }, (_, i) => ({
      [`${name}-${i}.bin`]: noise(size * 1_000_000, `${name}:${tag}:${i}`),
    })),
  });
}

/** For people. */
export function seconds({ wall }: Measurement): string {
  return `${wall.toFixed(2)} s`;
}

/** For people: millions of bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
