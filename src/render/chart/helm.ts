/** `helm template`, run so that nothing but the chart and its values plays a part. */

import { join } from 'node:path';
import { SealerError } from '../../error.ts';
import { captureCommand, OutputTooLarge } from '../../process/capture.ts';
import { privateEnv } from '../private-env.ts';

export interface HelmRun {
  /** Path of helm. */
  readonly helm: string;
  /** A private folder that holds everything below. */
  readonly folder: string;
  /** Of the chart, below the folder. */
  readonly chart: string;
  /** Of the values files, below the folder. helm takes commas in them for separators. */
  readonly values: readonly string[];
  readonly release: string;
  readonly namespace?: string | undefined;
  readonly kubeVersion?: string | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Far above any chart; ten times the largest that the field has. */
const MAX_OUTPUT = 128 * 1024 ** 2;

/** The arguments of helm (3 and 4): hooks and tests are in its output unless it is told otherwise. */
export function helmArguments(run: Omit<HelmRun, 'helm' | 'folder' | 'signal'>): readonly string[] {
  return [
    'template',
    run.release,
    run.chart,
    '--include-crds',
    ...run.values.flatMap((file) => ['--values', file]),
    ...(run.namespace === undefined ? [] : ['--namespace', run.namespace]),
    ...(run.kubeVersion === undefined ? [] : ['--kube-version', run.kubeVersion]),
    ...(run.apiVersions ?? []).flatMap((version) => ['--api-versions', version]),
  ];
}

/**
 * Runs it.
 * @returns what it printed, or what it complained of
 * @throws SealerError CHART_INVALID when there is no end to what it prints; the reason of the signal
 */
export async function runHelm(run: HelmRun): Promise<{ readonly output: string } | { readonly complaint: string }> {
  try {
    const { code, stdout, stderr } = await captureCommand({
      argv: [run.helm, ...helmArguments(run)],
      cwd: run.folder,
      env: privateEnv(join(run.folder, 'home')),
      limit: MAX_OUTPUT,
      signal: run.signal,
    });
    return code === 0 ? { output: stdout.toString() } : { complaint: stderr };
  } catch (error) {
    if (!(error instanceof OutputTooLarge)) throw error;
    throw new SealerError('CHART_INVALID', 'The chart renders to more than 128 MiB', { cause: error });
  }
}
