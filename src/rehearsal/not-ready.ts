/** Workloads that never got ready, as one error. */

import { type Problem, SealerError } from '../error.ts';
import { describeWorkloads, type WorkloadReport } from '../kubernetes/index.ts';

/** The error for a report that is not ready: which workloads, why, their events and last words. */
export function workloadsNotReady(report: WorkloadReport): SealerError {
  const late = report.workloads.filter(({ ready }) => !ready);
  const problems = late.map(({ kind, namespace, name, why }): Problem => {
    return { code: 'WORKLOADS_NOT_READY', message: `${kind} ${namespace}/${name}: ${why ?? 'not ready'}` };
  });
  const seconds = Math.round(report.elapsedMs / 1000);
  const message = `${late.length === 1 ? 'A workload is' : `${late.length} workloads are`} not ready after ${seconds} s`;
  return new SealerError('WORKLOADS_NOT_READY', [message, ...describeWorkloads(report)].join('\n'), {
    hint: 'Mend what the events and logs say, or give it more time (--cluster-timeout).',
    problems,
  });
}
