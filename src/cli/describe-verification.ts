/** What a verification found, for people, and as an error where it failed. */

import { type Problem, SealerError } from '../error.ts';
import { describeWorkloads } from '../kubernetes/index.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import type { MissingImage, Verification } from '../rehearsal/index.ts';
import { formatBytes, formatCount, formatDuration } from './progress/index.ts';

/** The report, line by line. */
export function describeVerification(result: Verification): string {
  const { used, missing, unused, workloads, readyMs, totalMs } = result;
  const late = workloads.workloads.filter(({ ready }) => !ready);
  const waste = unused.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    `${formatCount(workloads.workloads.length, 'workload')}, ${late.length === 0 ? 'all ready' : `${late.length} not ready`}; ` +
      `${formatCount(used.length, 'container image')} pulled from the bundle; ` +
      `cluster ready after ${formatDuration(readyMs)}, in all ${formatDuration(totalMs)}`,
    ...missing.map(({ name, askers, reason }) => `missing  ${familiar(name)}  asked for by ${list(askers)}: ${reason}`),
    ...(workloads.ready ? [] : describeWorkloads(workloads)),
    ...unused.map(({ name, bytes }) => `unused   ${familiar(name)}  ${formatBytes(bytes)}`),
    ...(unused.length === 0
      ? []
      : [
          `hint: nothing asked for ${unused.length === 1 ? 'it' : 'these'} (${formatBytes(waste)}); what only hooks, tests or later events need looks the same`,
        ]),
  ].join('\n');
}

/** The error of a verification that failed: each missing image, and each workload that is not ready, is a problem. */
export function verificationError({ missing, workloads }: Verification): SealerError {
  const late = workloads.workloads.filter(({ ready }) => !ready);
  const problems = [
    ...missing.map(describeMissing),
    ...late.map(({ kind, namespace, name, why }): Problem => {
      return { code: 'WORKLOADS_NOT_READY', message: `${kind} ${namespace}/${name}: ${why ?? 'not ready'}` };
    }),
  ];
  const what = [
    ...(missing.length === 0 ? [] : [`${formatCount(missing.length, 'image')} not in the bundle`]),
    ...(late.length === 0 ? [] : [`${formatCount(late.length, 'workload')} not ready`]),
  ];
  return new SealerError('VERIFY_FAILED', `The image does not run offline: ${what.join(', ')}`, {
    hint:
      missing.length === 0
        ? 'See the events and logs above; more time: --cluster-timeout.'
        : 'Build with --record, or name the images in imageList.',
    problems,
  });
}

function describeMissing({ name, askers, reason }: MissingImage): Problem {
  return { code: 'IMAGES_MISSING', message: `${familiar(name)}, asked for by ${list(askers)}: ${reason}` };
}

function list(askers: readonly string[]): string {
  return askers.length === 0 ? 'a node' : askers.join(', ');
}

function familiar(name: string): string {
  return familiarReference(parseReference(name));
}
